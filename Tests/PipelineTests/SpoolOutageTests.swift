import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// A Redis that is away for long: the feed goes on, and everything it took arrives once and in order.
@Suite(.serialized) struct SpoolOutageTests {
    private static let messages: Int64 = 60_000

    private struct Chain {
        let load: LoadConfiguration
        let book: SportsbookServer
        let stages: StageProcesses
        let spool: String

        static func start(redis: RedisServer, url: String) async throws -> Chain {
            let load = LoadConfiguration(total: messages, rate: 5_000)
            let book = SportsbookServer(SportsbookConfiguration(.load(load)))
            let spool = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("spool")).path
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feed_client: { spool: { directory: "\(spool)" } }
                    feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            return Chain(load: load, book: book, stages: stages, spool: spool)
        }

        /// Bytes on disk that wait for Redis.
        var spooledBytes: Int {
            let files = FileManager.default.enumerator(atPath: spool)?.allObjects as? [String] ?? []
            return files.reduce(0) { sum, file in
                let attributes = try? FileManager.default.attributesOfItem(atPath: spool + "/" + file)
                return sum + (file.hasSuffix(".segment") ? attributes?[.size] as? Int ?? 0 : 0)
            }
        }

        func end() async {
            let isClean = await stages.stop()
            let lastWords = await stages.complaints()
            #expect(isClean, "\(lastWords)")
            await book.stop()
            await stages.removeFiles()
            try? FileManager.default.removeItem(atPath: spool)
        }
    }

    private static func database(_ url: String) -> String {
        url.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? ""
    }

    private static func rows(_ url: String) async throws -> Int64 {
        let text = try await TestServers.postgres().execute(
            "SELECT count(*) FROM odds_ticks", database: database(url))
        return Int64(text) ?? 0
    }

    private static func untilRows(_ url: String, reach count: Int64) async throws {
        for _ in 0..<600 {
            if try await rows(url) >= count { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(count) rows were not reached within a minute")
    }

    @Test(.timeLimit(.minutes(3)))
    func theFeedGoesOnWhileRedisIsAwayAndNothingIsLostOrTwice() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let chain = try await Chain.start(redis: redis, url: url)
            try await Self.untilRows(url, reach: 5_000)
            await redis.kill()
            try await Task.sleep(for: .seconds(6))
            // Five seconds of 5,000 messages of 300 bytes, less what the start takes.
            #expect(chain.spooledBytes > 4_000_000, "the socket was not read while Redis was away")
            try await redis.restart()
            try await Self.untilRows(url, reach: Self.messages)
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(
                of: chain.load, count: Self.messages, in: Self.database(url), of: postgres)
            #expect(try await postgres.execute("SELECT count(*) FROM gaps", database: Self.database(url)) == "0")
            #expect(try await chain.stages.run(["verify"]).code == 0)
            for _ in 0..<200 where chain.spooledBytes > 0 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(chain.spooledBytes == 0, "the spool is not empty after the drain")
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func whatIsInTheSpoolOfAKilledProcessIsGivenByTheNext() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let chain = try await Chain.start(redis: redis, url: url)
            try await Self.untilRows(url, reach: 5_000)
            await redis.kill()
            try await Task.sleep(for: .seconds(4))
            await chain.stages.kill("feed")
            // Nobody can send anything again.
            await chain.book.stop()
            let before = try await Self.rows(url)
            #expect(chain.spooledBytes > 2_000_000)
            try await redis.restart()
            try await chain.stages.start("feed")
            try await Self.untilRows(url, reach: before + 8_000)
            for _ in 0..<100 where chain.spooledBytes > 0 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(chain.spooledBytes == 0)
            try await Task.sleep(for: .seconds(2))
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(
                of: chain.load, count: try await Self.rows(url), in: Self.database(url), of: postgres)
            #expect(try await chain.stages.run(["verify"]).code == 0)
            await chain.end()
        }
        await redis.stop()
    }
}
