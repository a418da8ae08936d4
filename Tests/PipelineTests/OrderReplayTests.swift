import DevServices
import Foundation
import TestSupport
import Testing

/// Recorded orders of an exchange through the real pipeline: Postgres must say what the independent oracle says.
@Suite(.serialized) struct OrderReplayTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        let name: String
        /// How many states of bets there are in it.
        let states: Int
        var testDescription: String { name }
        var path: String { "betfair/\(name).ocm.ndjson" }
        var oracle: String { "betfair/\(name).ocm.ndjson.oracle.json" }
    }

    static let recordings = [
        Recording(name: "orders-1.177596575", states: 3), Recording(name: "orders-live-36", states: 36),
    ]

    @Test(
        .sharedFixtures(recordings[0].path, recordings[0].oracle, recordings[1].path, recordings[1].oracle),
        .timeLimit(.minutes(3)), arguments: recordings)
    func postgresSaysWhatTheOracleSays(recording: Recording) async throws {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("replay"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds: { replay: { provider: betfair, url: "ws://127.0.0.1:1", app_key: none, token: none } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            let path = try #require(SharedFixtures.path(recording.path))
            let bets = try OracleBet.read(try #require(SharedFixtures.path(recording.oracle)))
            try await stages.start("replay", [path, "--provider", "betfair", "--speed", "max", "--stay"])
            let database = PipelineDatabase(url)
            try await database.until("SELECT count(*) >= \(recording.states) FROM bet_events")
            #expect(try await database.count("bet_events") == Int64(recording.states))
            let rows = try await database.lines(
                """
                SELECT bet_id, user_id, side, status, trim_scale(amount), trim_scale(odd), market_id, option_id
                FROM bets ORDER BY bet_id COLLATE "C"
                """)
            #expect(rows == bets.map(\.row).sorted())
            #expect(try await database.count("dead_letters") == 0)
            #expect(try await database.count("odds_ticks") == 0)
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await stages.expectCleanEnd()
        }
    }
}

/// What the oracle says of one bet in the end.
struct OracleBet: Decodable {
    struct PriceSize: Decodable {
        let price: Double
        let size: Double
    }

    let betId: String
    let marketId: String
    let selectionId: Int
    let side: String
    let status: String
    let priceSize: PriceSize
    let averagePriceMatched: Double
    let sizeMatched: Double
    let sizeRemaining: Double
    let customerStrategyRef: String

    /// The bet as the view `bets` has it.
    var row: String {
        let user = customerStrategyRef.isEmpty ? "unknown" : customerStrategyRef
        let odd = sizeMatched > 0 ? averagePriceMatched : priceSize.price
        let (state, amount) =
            if sizeMatched > 0 { ("accepted", sizeMatched) } else if status == "EXECUTABLE" {
                ("placed", sizeRemaining)
            } else { ("rejected", priceSize.size) }
        let values = [
            betId, user, side.lowercased(), state, Self.text(amount), Self.text(odd), marketId, "\(selectionId)",
        ]
        return values.joined(separator: "|")
    }

    /// As the database writes it: four digits at most, none that says nothing.
    private static func text(_ value: Double) -> String {
        NSDecimalNumber(value: (value * 10_000).rounded()).dividing(by: 10_000).stringValue
    }

    static func read(_ path: String) throws -> [OracleBet] {
        struct State: Decodable { let currentOrders: [OracleBet] }
        struct File: Decodable { let snap: [State] }
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        return file.snap.flatMap(\.currentOrders)
    }
}
