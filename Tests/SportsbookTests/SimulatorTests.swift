import FeedModel
import Foundation
import Testing

@testable import Sportsbook

@Suite struct SimulatorTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)

    private func simulator(_ change: (inout SimulatorConfiguration) -> Void = { _ in }) -> Simulator {
        var configuration = SimulatorConfiguration(seed: 7, fixtures: 40, speed: 120, start: Self.start)
        change(&configuration)
        return Simulator(configuration, start: Self.start)
    }

    /// `count` messages, 5 ms apart.
    private func messages(_ count: Int, of simulator: inout Simulator) -> [SportsbookMessage] {
        (1...count).map { simulator.next(at: Self.start + .milliseconds(5 * $0)) }
    }

    @Test func sameSeedAndTimesGiveTheSameBytes() {
        var (first, second) = (simulator(), simulator())
        #expect(messages(4_000, of: &first) == messages(4_000, of: &second))
        #expect(first.snapshot(of: .all) == second.snapshot(of: .all))
    }

    @Test func anotherSeedGivesAnotherWorld() {
        var (first, second) = (simulator(), simulator { $0.seed = 8 })
        #expect(messages(50, of: &first) != messages(50, of: &second))
    }

    /// The snapshot and some 20,000 messages obey every rule that a reader relies on.
    @Test(arguments: [1, 2] as [UInt64]) func everyMessageKeepsTheRules(seed: UInt64) throws {
        var simulator = simulator { $0.seed = seed }
        var audit = FeedAudit()
        for message in simulator.snapshot(of: .all) { try audit.read(message.snapshotBytes) }
        for number in 1...20_000 {
            let message = simulator.next(at: Self.start + .milliseconds(5 * number))
            try audit.read(message.bytes(sequence: Int64(number)))
            if number % 500 == 0 {
                // Half-told changes are told before prices are summed.
                while !simulator.isSettled { try audit.read(simulator.next(at: Self.start).bytes(sequence: 0)) }
                audit.checkOverrounds()
            }
        }
        #expect(audit.problems.isEmpty, "\(audit.problems.count): \(audit.problems.prefix(10))")
        #expect(Set(audit.counts.keys) == ["fixture_update", "odds_change", "settlement", "bet_placement"])
        let statuses = Set(audit.bets.values.compactMap(\.status))
        #expect(statuses.isSuperset(of: ["accepted", "rejected", "won", "lost", "cashed_out"]))
        let sports = Set(audit.fixtures.values.compactMap(\.sport_id))
        #expect(sports.isSuperset(of: ["football", "basketball", "tennis", "horse_racing"]))
        let results = Set(audit.markets.values.flatMap(\.results.values))
        #expect(results.isSuperset(of: ["won", "lost", "void"]))
    }

    /// What a subscriber knows from the messages is what a fresh snapshot says.
    @Test func messagesLeadToTheSnapshot() throws {
        var simulator = simulator { $0.speed = 30 }
        var audit = FeedAudit()
        for message in simulator.snapshot(of: .all) { try audit.read(message.snapshotBytes) }
        for message in messages(6_000, of: &simulator) { try audit.read(message.bytes(sequence: 1)) }
        while !simulator.isSettled { try audit.read(simulator.next(at: Self.start).bytes(sequence: 1)) }
        for message in simulator.snapshot(of: .all) {
            let now = try DecodedMessage(message.snapshotBytes)
            #expect(now.snapshot == true && now.seq == nil)
            switch now.type {
            case "fixture_update":
                let known = try #require(audit.fixtures[now.fixture_id ?? ""])
                #expect(known.status == now.status && known.home_score == now.home_score)
            case "odds_change":
                let known = try #require(audit.markets[now.market])
                #expect(known.status == now.status)
                for price in now.odds ?? [] { #expect(known.odds[price.option_id] == price.odd_value.value) }
            case "settlement":
                #expect(audit.markets[now.market]?.results[now.option_id ?? ""] == now.result)
            default:
                #expect(audit.bets[now.bet_id ?? ""]?.status == now.status)
            }
        }
    }

    @Test func neverRunsDryAndStaysBounded() {
        var simulator = simulator {
            $0.fixtures = 3
            $0.speed = 2_000
            $0.betShare = 0.5
        }
        for second in 1...2_000 { _ = simulator.next(at: Self.start + .seconds(second)) }
        #expect(simulator.fixtures.count == 3)
        #expect(simulator.snapshot(of: .all).count < 3_000)
    }

    @Test func streamsAreSeparated() {
        let simulator = simulator()
        let odds = simulator.snapshot(of: StreamSet(.odds))
        #expect(!odds.isEmpty && odds.allSatisfy { $0.stream == .odds })
        #expect(simulator.snapshot(of: StreamSet(.fixtures)).count == 40)
    }

    @Test func timeNeverGoesBack() throws {
        var simulator = simulator()
        let late = try DecodedMessage(simulator.next(at: Self.start + .seconds(9)).bytes(sequence: 1))
        let early = try DecodedMessage(simulator.next(at: Self.start).bytes(sequence: 2))
        #expect(early.timestamp == late.timestamp)
    }

    @Test func catalogueIsLarge() {
        #expect(Tournament.football.filter { $0.competitors.count >= 12 }.count >= 5)
        for sport in Sport.allCases {
            for tournament in sport.tournaments {
                #expect(tournament.competitors.count >= 8, "\(tournament.name)")
                #expect(Set(tournament.competitors).count == tournament.competitors.count, "\(tournament.name)")
            }
        }
    }

    @Test func nonsenseIsRefused() {
        #expect(SimulatorConfiguration().problems.isEmpty)
        #expect(SimulatorConfiguration(fixtures: 0, rate: -1, speed: 0, liveShare: 2, betShare: 1).problems.count == 5)
    }
}
