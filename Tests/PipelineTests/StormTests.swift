import DevServices
import FeedModel
import Foundation
import Sportsbook
import TestSupport
import Testing

/// Everything breaks at random while six feeds run: each message is there once, in order.
@Suite struct StormTests {
    private static let feeds = (1...6).map { "book-\($0)" }
    private static let rate = 400.0
    private static let seconds = Soak.isOn ? 600 : 25
    private static let sleep = Duration.seconds(Soak.isOn ? 30 : 9)

    /// What may happen to a running pipeline.
    private enum Blow: CaseIterable {
        case killProcessor, stopProcessor, killWriter, killFeed, olderRedis, emptyRedis

        /// Whether messages may be missing after it, of a provider that does not repeat itself.
        var takesMessages: Bool { self == .killFeed || self == .emptyRedis }
    }

    /// What happened, and when.
    private struct Struck: CustomStringConvertible {
        let blow: Blow
        let from: Timestamp
        let to: Timestamp

        var description: String { "\(from) to \(to): \(blow)" }

        /// Whether messages between two that are there may have been lost by it. How many depends on how much waited, and
        /// on how soon somebody is there again: not longer than a minute.
        func explains(_ hole: Hole) -> Bool {
            let first = Timestamp(microseconds: hole.before.receivedAt)
            let last = Timestamp(microseconds: hole.after.receivedAt)
            return blow.takesMessages && first >= from - Self.recovery && first <= to + Self.slack
                && last >= from - Self.slack && last <= to + Self.recovery
        }

        private static let recovery = Duration.seconds(60)
        /// What was received before a flush, and forwarded behind it.
        private static let slack = Duration.seconds(1)
    }

    /// Missing messages, by their neighbours.
    private struct Hole: CustomStringConvertible {
        let before: NumberedRow
        let after: NumberedRow

        var description: String {
            let edges = [before, after].map { "\(Timestamp(microseconds: $0.receivedAt))" }
            return "\(before.number + 1)..<\(after.number), between \(edges.joined(separator: " and "))"
        }
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
            case .emptyRedis: _ = try await ChildProcess.run("redis-cli", ["-u", redis.url, "FLUSHALL"])
            }
        }
    }

    @Test(.timeLimit(.minutes(20))) func everyMessageOfEveryFeedIsThereOnceAndInOrder() async throws {
        let count = Int64(Self.rate) * Int64(Self.seconds)
        let load = LoadConfiguration(total: count, rate: Self.rate)
        try await Self.storm(load, blows: Blow.allCases.filter { $0 != .emptyRedis }) { database, postgres, _ in
            try await database.untilRows(reach: count * Int64(Self.feeds.count), seconds: 180)
            for feed in Self.feeds {
                try await NumberedRows.expectAll(
                    of: load, count: count, in: database.name, of: postgres, feed: feed)
            }
            #expect(try await database.lines("SELECT feed, kind, cause FROM gaps").isEmpty)
            #expect(try await database.count("dead_letters") == 0)
        }
    }

    /// A flush takes what nobody has read yet, and who subscribes anew gets nothing twice: what is missing is on record.
    @Test(.timeLimit(.minutes(20))) func whatAFlushTakesIsOnRecordAndNothingElseIsMissing() async throws {
        let count = Int64(Self.rate) * Int64(Self.seconds)
        var load = LoadConfiguration(total: count, rate: Self.rate)
        load.goesOn = true
        let numbered = load
        try await Self.storm(numbered, blows: Blow.allCases) { database, postgres, history in
            for feed in Self.feeds {
                let rows = try await Self.untilLast(count, of: numbered, feed, database, postgres)
                let gaps = try await database.lines("SELECT * FROM gaps WHERE feed = '\(feed)' ORDER BY from_time")
                let said = (["gaps:"] + gaps + ["blows:"] + history.map { "\($0)" }).joined(separator: "\n")
                let unrecorded = try await Self.unrecorded(Self.holes(rows), of: feed, in: database)
                #expect(unrecorded.isEmpty, "\(feed): nothing says that these are missing\n\(said)")
                let causeless = Self.holes(rows).filter { hole in !history.contains { $0.explains(hole) } }
                #expect(causeless.isEmpty, "\(feed): nothing has happened that could take these\n\(said)")
            }
        }
    }

    private static func holes(_ rows: [NumberedRow]) -> [Hole] {
        zip(rows, rows.dropFirst()).filter { $1.number > $0.number + 1 }.map(Hole.init)
    }

    /// What is missing without a gap that says so. The Writer looks for losses every ten seconds.
    private static func unrecorded(
        _ holes: [Hole], of feed: String, in database: PipelineDatabase
    ) async throws -> [Hole] {
        let deadline = ContinuousClock.now + .seconds(25)
        while true {
            let gaps = try await gaps(of: feed, in: database)
            let left = holes.filter { hole in
                !gaps.contains { $0.contains(hole.before.receivedAt) || $0.contains(hole.after.receivedAt) }
            }
            if left.isEmpty || ContinuousClock.now > deadline { return left }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private static func gaps(of feed: String, in database: PipelineDatabase) async throws -> [ClosedRange<Int64>] {
        let lines = try await database.lines(
            """
            SELECT (extract(epoch FROM from_time) * 1000000)::bigint, (extract(epoch FROM to_time) * 1000000)::bigint
            FROM gaps WHERE feed = '\(feed)' AND to_time >= from_time
            """)
        return lines.compactMap { line in
            let times = line.split(separator: "|").compactMap { Int64($0) }
            return times.count == 2 ? times[0]...times[1] : nil
        }
    }

    private static func untilLast(
        _ count: Int64, of load: LoadConfiguration, _ feed: String, _ database: PipelineDatabase,
        _ postgres: PostgresServer
    ) async throws -> [NumberedRow] {
        for _ in 0..<60 {
            let rows = try await NumberedRows.growing(
                of: load, count: count, in: database.name, of: postgres, feed: feed)
            if rows.last?.number == count { return rows }
            try await Task.sleep(for: .seconds(3))
        }
        Issue.record("\(feed): the last message did not arrive")
        return []
    }

    private static func storm(
        _ load: LoadConfiguration, blows: [Blow],
        _ check: (PipelineDatabase, PostgresServer, _ history: [Struck]) async throws -> Void
    ) async throws {
        let redis = try await RedisServer.start()
        let proxy = ReplyCuttingProxy(cuts: 100)
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let pipeline = try await Pipeline.start(
                redis: redis, url: url, load: load, proxyPort: try await proxy.start(before: redis.port))
            try await database.untilRows(reach: 1_000)
            let end = ContinuousClock.now + .seconds(Self.seconds)
            // Every kind once, whatever chance says.
            var next = blows.shuffled()
            var history: [Struck] = []
            while ContinuousClock.now < end {
                let blow = next.popLast() ?? blows.randomElement() ?? .killProcessor
                let from = WallClock.now
                try await pipeline.strike(blow)
                history.append(Struck(blow: blow, from: from, to: WallClock.now))
                try await Task.sleep(for: .seconds(Soak.isOn ? 5 : 2))
            }
            try await check(database, try await TestServers.postgres(), history)
            let audit = try await pipeline.stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await pipeline.stages.expectCleanEnd()
            for (_, book) in pipeline.books { await book.stop() }
        }
        await proxy.stop()
        await redis.stop()
    }
}
