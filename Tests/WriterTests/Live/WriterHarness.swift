import DevServices
import FeedModel
import Logging
import PostgresCopy
import RedisStreams
import Telemetry
import TestSupport
import Testing

@testable import Writer

/// A database, feeds in Redis, and Writers over them, for one test.
struct WriterHarness {
    let configuration: WriterConfiguration
    let redis: RedisConnection
    let postgres: PostgresConnection
    let feeds: [StreamNames]
    let health = HealthRegistry()

    var feed: StreamNames { feeds[0] }

    /// What `/health/ready` would say.
    var isReady: Bool { health.readyDocument().isReady }

    /// - Parameter adjust: changes the configuration; batches are small and hasty by default.
    static func with(
        feeds count: Int = 1, url: String? = nil, _ adjust: (inout WriterConfiguration) -> Void = { _ in },
        _ body: (WriterHarness) async throws -> Void
    ) async throws {
        if let url { return try await run(count, url, adjust, body) }
        try await TestServers.withDatabase { url in try await run(count, url, adjust, body) }
    }

    private static func run(
        _ count: Int, _ url: String, _ adjust: (inout WriterConfiguration) -> Void,
        _ body: (WriterHarness) async throws -> Void
    ) async throws {
        let server = try await TestServers.redis()
        let endpoint = try RedisEndpoint(url: server.url)
        let prefix = RandomName.next("w")
        let names = try (0..<count).map { try #require(FeedName("feed-\($0)")) }
        var configuration = WriterConfiguration(
            redis: endpoint, postgresURL: url, prefix: prefix,
            feeds: names.map { WriterFeed(name: $0, provider: "sportsbook") }, connections: 1,
            batch: BatchPolicy(rows: 500, period: .milliseconds(5)), consumerName: "test-writer",
            retry: RetryBackoff(initial: .milliseconds(20), maximum: .milliseconds(200)))
        adjust(&configuration)
        let harness = WriterHarness(
            configuration: configuration, redis: RedisConnection(endpoint: endpoint, name: "test"),
            postgres: PostgresConnection(url: url, name: "test"),
            feeds: names.map { StreamNames(prefix: prefix, feed: $0) })
        try await harness.redis.connect()
        try await harness.postgres.connect()
        try await SchemaMigrator().migrate(harness.postgres)
        for feed in harness.feeds { try await harness.makeStreams(feed) }
        do {
            try await body(harness)
        } catch {
            await harness.close()
            throw error
        }
        await harness.close()
    }

    private func close() async {
        for feed in feeds {
            _ = try? await redis.delete([feed.raw, feed.events, feed.dead, feed.requests, feed.decoder])
        }
        await redis.close()
        await postgres.close()
    }

    private func makeStreams(_ feed: StreamNames) async throws {
        for stream in [feed.events, feed.dead] {
            _ = try await redis.createGroup(stream: stream, group: ConsumerGroup.writer, at: .zero)
        }
        _ = try await redis.createGroup(stream: feed.raw, group: ConsumerGroup.processor, at: .zero)
        _ = try await redis.createGroup(stream: feed.raw, group: ConsumerGroup.archiver, at: .zero)
    }

    // MARK: Input

    func append(_ entries: [StreamEntry], to feed: StreamNames? = nil) async throws {
        try await append(entries, toStream: (feed ?? self.feed).events)
    }

    func append(_ entries: [StreamEntry], toStream stream: String) async throws {
        for start in stride(from: 0, to: entries.count, by: 200) {
            let part = Array(entries[start..<min(start + 200, entries.count)])
            #expect(try await redis.append(to: stream, part) == .appended)
        }
    }

    // MARK: Running

    /// Runs one Writer process while `body` runs; then stops it gracefully.
    func running(
        _ consumer: String? = nil, health: HealthRegistry? = nil, _ body: () async throws -> Void
    ) async throws {
        var configuration = self.configuration
        if let consumer { configuration.consumerName = consumer }
        let stop = StopSignal()
        let parts = WriterParts(
            configuration: configuration, health: health ?? self.health, stop: stop,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let running: Void = parts.run()
        do {
            try await body()
        } catch {
            stop.request()
            try? await running
            throw error
        }
        stop.request()
        try await running
    }

    /// Runs one Writer until everything appended so far is committed and acknowledged.
    func drain() async throws {
        try await running { try await settled() }
    }

    /// Waits until no group of a feed has anything left to do.
    func settled() async throws {
        try await eventually("everything is acknowledged") {
            for feed in feeds {
                for group in try await redis.groups(of: feed.events) where group.pending > 0 || group.lag != 0 {
                    return false
                }
                for group in try await redis.groups(of: feed.dead) where group.pending > 0 || group.lag != 0 {
                    return false
                }
            }
            return true
        }
    }

    /// Polls until it holds; fails the test after half a minute.
    func eventually(
        _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("did not come about: \(what)")
        throw NotInTime()
    }

    struct NotInTime: Error {}

    // MARK: Output

    func rows(_ sql: String) async throws -> [[String?]] {
        try await postgres.connect()
        return try await postgres.withSession { try $0.texts(sql) }
    }

    func value(_ sql: String) async throws -> String? { try await rows(sql).first?.first ?? nil }

    func count(_ table: String) async throws -> Int {
        try await value("SELECT count(*) FROM \(table)").flatMap { Int($0) } ?? -1
    }

    func execute(_ sql: String) async throws {
        _ = try await postgres.withSession { try $0.execute(sql) }
    }

    /// Runs `body` while another session is inside the transaction that `sql` begins.
    func holding(_ sql: String, _ body: () async throws -> Void) async throws {
        let other = PostgresConnection(url: configuration.postgresURL, name: "holder")
        try await other.connect()
        let gate = Gate()
        let holding = Task {
            _ = try await other.withSession { session in
                try session.execute(sql)
                gate.open()
                gate.waitUntilClosed()
                try session.execute("COMMIT")
            }
        }
        await gate.opened()
        do {
            try await body()
        } catch {
            gate.close()
            throw error
        }
        gate.close()
        try await holding.value
        await other.close()
    }
}
