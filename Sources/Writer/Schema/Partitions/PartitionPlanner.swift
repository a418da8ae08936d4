package import FeedModel

/// How much time one partition holds.
package enum PartitionUnit: String, Sendable, CaseIterable {
    case day, hour

    package var length: Duration { self == .day ? .seconds(86_400) : .seconds(3_600) }
}

/// A table that is partitioned by `received_at`.
package enum PartitionedTable: String, Sendable, CaseIterable {
    case oddsTicks = "odds_ticks"
    case fixtureUpdates = "fixture_updates"
    case settlements
    case betEvents = "bet_events"
    case rawFrames = "raw_frames"
    case ingestLedger = "ingest_ledger"

    package var name: String { rawValue }
}

/// One partition as it should be: a table's share of a stretch of time, in UTC.
package struct PartitionRange: Sendable, Hashable {
    package let table: PartitionedTable
    /// The first moment it holds.
    package let from: Timestamp
    /// The first moment it does not.
    package let to: Timestamp
    package let unit: PartitionUnit

    /// `odds_ticks_20261121`, or `odds_ticks_20261121_09` for an hour.
    package var name: String {
        let hours = from.microseconds.quotientAndRemainder(dividingBy: 3_600_000_000).quotient
        let date = CivilDate(daysSinceEpoch: hours / 24)
        let day = "\(table.name)_\(date.year * 10_000 + date.month * 100 + date.day)"
        guard unit == .hour else { return day }
        let hour = hours % 24
        return "\(day)_\(hour < 10 ? "0" : "")\(hour)"
    }
}

extension PartitionRange {
    /// What of it has no partition yet. Where the unit was changed, an older day holds some of its hours, or older hours a
    /// part of its day.
    func missing(beside existing: [PartitionFacts]) -> [PartitionRange] {
        let others = existing.filter { $0.table == table && $0.from < to && $0.to > from }
        if others.isEmpty { return [self] }
        guard unit == .day, !others.contains(where: { $0.from <= from && $0.to >= to }) else { return [] }
        return (0..<24).map { from + PartitionUnit.hour.length * $0 }.compactMap { hour in
            let end = hour + PartitionUnit.hour.length
            let isThere = others.contains { $0.from < end && $0.to > hour }
            return isThere ? nil : PartitionRange(table: table, from: hour, to: end, unit: .hour)
        }
    }
}

/// Says which partitions must exist and which have had their time. Pure.
package struct PartitionPlanner: Sendable {
    /// Of the tables that hold rows. The ledger's are always days: it is small, and its key is asked for across them.
    package let unit: PartitionUnit
    /// How many more than the current one.
    package let ahead: Int
    /// How many before it, for what is on its way and for clocks that differ.
    package let behind: Int

    package init(unit: PartitionUnit = .day, ahead: Int = 4, behind: Int = 1) {
        self.unit = unit
        self.ahead = max(0, ahead)
        self.behind = max(0, behind)
    }

    package func unit(of table: PartitionedTable) -> PartitionUnit { table == .ingestLedger ? .day : unit }

    /// What must exist at `now`.
    package func required(at now: Timestamp) -> [PartitionRange] {
        PartitionedTable.allCases.flatMap { table in
            let length = unit(of: table).length
            return ranges(of: table, covering: now - length * behind...now + length * ahead)
        }
    }

    /// What must exist so that every moment of `times` has its place.
    package func ranges(covering times: ClosedRange<Timestamp>) -> [PartitionRange] {
        PartitionedTable.allCases.flatMap { ranges(of: $0, covering: times) }
    }

    private func ranges(of table: PartitionedTable, covering times: ClosedRange<Timestamp>) -> [PartitionRange] {
        let unit = unit(of: table)
        let length = unit.length.microseconds
        let first = times.lowerBound.microseconds.floored(to: length)
        let last = times.upperBound.microseconds.floored(to: length)
        return stride(from: first, through: last, by: Int64.Stride(length)).map { start in
            PartitionRange(
                table: table, from: Timestamp(microseconds: start), to: Timestamp(microseconds: start + length),
                unit: unit)
        }
    }

    /// How many units after the current one every table is ready for; what `touchline_partitions_ahead` shows.
    package func aheadCount(_ existing: [PartitionFacts], at now: Timestamp) -> Int {
        let counts = PartitionedTable.allCases.map { table in
            let ends = existing.filter { $0.table == table && $0.to > now }.count
            return ends - 1
        }
        return counts.min() ?? -1
    }
}

extension Int64 {
    /// The multiple of `step` at or below, for times before 1970 as well.
    fileprivate func floored(to step: Int64) -> Int64 {
        let rest = self % step
        return rest < 0 ? self - rest - step : self - rest
    }
}
