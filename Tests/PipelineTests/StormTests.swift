import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// Everything breaks at random while six feeds run: each message is there once, in order.
@Suite struct StormTests {
    private static let feeds = (1...6).map { "book-\($0)" }
    private static let rate = 400.0
    private static let seconds = Soak.isOn ? 600 : 40
    private static let sleep = Duration.seconds(Soak.isOn ? 30 : 9)

    /// What may happen to a running pipeline.
    private enum Blow: CaseIterable {
        case killProcessor, stopProcessor, killWriter, killFeed, olderRedis
    }

    private struct Pipeline {
        let redis: RedisServer
        let books: [(feed: String, book: SportsbookServer)]
        let stages: StageProcesses
        let processors = ["process-1", "process-2", "process-3"]

        static func start(redis: RedisServer, url: String, load: LoadConfiguration, proxyPort: Int) async throws
            -> Pipeline
        {
            var books: [(feed: String, book: SportsbookServer)] = []
            var lines: [String] = []
            for feed in StormTests.feeds {
                let book = SportsbookServer(SportsbookConfiguration(.load(load)))
                lines.append("  \(feed): { provider: sportsbook, url: \"\(try await book.start())\", streams: [odds] }")
                books.append((feed, book))
            }
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds:
                    \(lines.joined(separator: "\n"))
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            let pipeline = Pipeline(redis: redis, books: books, stages: stages)
            for stage in ["feed", "write"] { try await stages.start(stage) }
            for processor in pipeline.processors.dropLast() { try await stages.start("process", as: processor) }
            // One of them loses answers as well.
            try await stages.start(
                "process", as: "process-3", environment: ["TOUCHLINE_REDIS_URL": "redis://127.0.0.1:\(proxyPort)/0"])
            return pipeline
        }

        func strike(_ blow: Blow) async throws {
            switch blow {
            case .killProcessor:
                let name = processors[Int.random(in: 0...1)]
                await stages.kill(name)
                try await stages.start("process", as: name)
            case .stopProcessor:
                guard let name = processors.randomElement() else { return }
                await stages.signal(name, SIGSTOP)
                try await Task.sleep(for: StormTests.sleep)
                await stages.signal(name, SIGCONT)
            case .killWriter: try await stages.killAndRestart("write")
            case .killFeed: try await stages.killAndRestart("feed")
            case .olderRedis: try await redis.comeBackOlder()
            }
        }
    }

    @Test(.timeLimit(.minutes(20))) func everyMessageOfEveryFeedIsThereOnceAndInOrder() async throws {
        let redis = try await RedisServer.start()
        let proxy = ReplyCuttingProxy(cuts: 100)
        let count = Int64(Self.rate) * Int64(Self.seconds)
        let load = LoadConfiguration(total: count, rate: Self.rate)
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let pipeline = try await Pipeline.start(
                redis: redis, url: url, load: load, proxyPort: try await proxy.start(before: redis.port))
            try await database.untilRows(reach: 1_000)
            let end = ContinuousClock.now + .seconds(Self.seconds)
            // Every kind once, whatever chance says.
            var blows = Blow.allCases.shuffled()
            while ContinuousClock.now < end {
                let blow = blows.popLast() ?? Blow.allCases.randomElement() ?? .killProcessor
                try await pipeline.strike(blow)
                try await Task.sleep(for: .seconds(Soak.isOn ? 5 : 2))
            }
            let all = count * Int64(Self.feeds.count)
            try await database.untilRows(reach: all, seconds: 180)
            let postgres = try await TestServers.postgres()
            for feed in Self.feeds {
                try await NumberedRows.expectAll(
                    of: load, count: count, in: database.name, of: postgres, feed: feed)
            }
            #expect(try await database.lines("SELECT feed, kind, cause FROM gaps").isEmpty)
            #expect(try await database.count("dead_letters") == 0)
            let audit = try await pipeline.stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await pipeline.stages.expectCleanEnd()
            for (_, book) in pipeline.books { await book.stop() }
        }
        await proxy.stop()
        await redis.stop()
    }
}
