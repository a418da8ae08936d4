import DevServices
import Foundation
import TestSupport
import Testing

/// Recorded frames of the prediction exchanges through the real pipeline: session, decoder, Postgres.
@Suite(.serialized) struct PredictionReplayTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        let provider: String
        let files: [String]
        /// How many rows and selections Postgres has in the end, and how many gaps.
        let ticks: Int
        let selections: Int
        let gaps: Int
        var testDescription: String { provider }
    }

    static let recordings = [
        Recording(provider: "polymarket", files: ["polymarket/frames-book.jsonl"], ticks: 10, selections: 10, gaps: 0),
        // Trades in samples: their numbers have one hole. Two of them repeat the price of the one before.
        Recording(provider: "kalshi", files: ["kalshi/frames-trade.jsonl"], ticks: 14, selections: 6, gaps: 1),
    ]

    @Test(
        .sharedFixtures("polymarket/frames-book.jsonl", "kalshi/frames-trade.jsonl"), .timeLimit(.minutes(3)),
        arguments: recordings)
    func postgresHasWhatWasRecorded(recording: Recording) async throws {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("replay"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    operations: { listen: "127.0.0.1:0" }
                    writer: { raw_audit: true }
                    feeds: { replay: { provider: \(recording.provider), url: "ws://127.0.0.1:1", markets: [any] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            let paths = try recording.files.map { try #require(SharedFixtures.path($0)) }
            try await stages.start("replay", paths + ["--provider", recording.provider, "--speed", "max", "--stay"])
            #expect(try await Self.count("odds_ticks", url, reaches: recording.ticks) == recording.ticks)
            #expect(try await Self.count("selections", url) == recording.selections)
            #expect(try await Self.count("feed_gaps", url) == recording.gaps)
            #expect(try await Self.count("dead_letters", url) == 0)
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            try await Self.isDecodedAgainTheSame(stages, PipelineDatabase(url))
            await stages.expectCleanEnd()
        }
    }

    /// From the raw frames alone come the same rows.
    private static func isDecodedAgainTheSame(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        try await database.untilQuiet("raw_frames WHERE kind = 0")
        let fingerprint = "SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM odds_ticks o"
        let first = try await database.value(fingerprint)
        _ = try await database.value("UPDATE odds_ticks SET odd_value = 99, back_size = NULL")
        let again = try await stages.run(["rederive", "--from", "1d", "--to", "0s"])
        #expect(again.code == 0, "\(again.output)")
        #expect(try await database.value(fingerprint) == first)
    }

    private static func count(_ table: String, _ url: String) async throws -> Int {
        Int(try await PipelineDatabase(url).count(table))
    }

    /// Waits up to a minute for the rows.
    private static func count(_ table: String, _ url: String, reaches expected: Int) async throws -> Int {
        for _ in 0..<120 {
            let count = try await count(table, url)
            if count >= expected { return count }
            try await Task.sleep(for: .milliseconds(500))
        }
        return try await count(table, url)
    }
}
