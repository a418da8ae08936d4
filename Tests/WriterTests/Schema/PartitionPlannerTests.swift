import FeedModel
import Testing
import Writer

@Suite("Which partitions must exist")
struct PartitionPlannerTests {
    @Test func `days around now, for every table`() {
        let ranges = PartitionPlanner().required(at: testDay)
        #expect(ranges.count == 6 * PartitionedTable.allCases.count)
        let odds = ranges.filter { $0.table == .oddsTicks }
        #expect(
            odds.map(\.name) == [
                "odds_ticks_20261120", "odds_ticks_20261121", "odds_ticks_20261122", "odds_ticks_20261123",
                "odds_ticks_20261124", "odds_ticks_20261125",
            ])
        #expect(odds[1].from.description == "2026-11-21T00:00:00.000Z")
        #expect(odds[1].to.description == "2026-11-22T00:00:00.000Z")
        #expect(zip(odds, odds.dropFirst()).allSatisfy { $0.to == $1.from })
    }

    @Test func `hours for rows, days for the ledger`() {
        let ranges = PartitionPlanner(unit: .hour, ahead: 1, behind: 0).required(at: testDay)
        #expect(
            ranges.filter { $0.table == .betEvents }.map(\.name) == [
                "bet_events_20261121_12", "bet_events_20261121_13",
            ])
        #expect(
            ranges.filter { $0.table == .ingestLedger }.map(\.name) == [
                "ingest_ledger_20261121", "ingest_ledger_20261122",
            ])
    }

    @Test func `the first and the last microsecond of a day belong to it`() {
        let planner = PartitionPlanner()
        let midnight = Timestamp(microseconds: 1_795_219_200_000_000)
        let before = Timestamp(microseconds: midnight.microseconds - 1)
        func names(_ times: ClosedRange<Timestamp>) -> [String] {
            planner.ranges(covering: times).filter { $0.table == .settlements }.map(\.name)
        }
        #expect(names(midnight...midnight) == ["settlements_20261121"])
        #expect(names(before...before) == ["settlements_20261120"])
        #expect(names(before...midnight) == ["settlements_20261120", "settlements_20261121"])
        let beforeEpoch = Timestamp(microseconds: -1)
        #expect(names(beforeEpoch...beforeEpoch) == ["settlements_19691231"])
    }
}
