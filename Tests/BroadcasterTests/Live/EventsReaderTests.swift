import DevServices
import FeedModel
import Logging
import Metrics
import NIOCore
import NIOPosix
import RedisStreams
import Telemetry
import TestSupport
import Testing

@testable import Broadcaster

/// How the reader shares its turns among feeds.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EventsReaderTests {
    /// Two feeds on the tests' Redis.
    private struct Streams {
        let configuration: BroadcasterConfiguration
        let health = HealthRegistry()
        private let redis: RedisConnection
        private let names: [StreamNames]

        init(batchEntries: Int) async throws {
            let feeds = ["book-a", "book-b"].compactMap { FeedName($0) }
            let endpoint = try RedisEndpoint(url: try await TestServers.redis().url)
            var configuration = BroadcasterConfiguration(
                redis: endpoint, prefix: RandomName.next(), feeds: feeds, ownerName: "test")
            configuration.batchEntries = batchEntries
            self.configuration = configuration
            names = feeds.map { [prefix = configuration.prefix] in StreamNames(prefix: prefix, feed: $0) }
            redis = RedisConnection(endpoint: endpoint, name: "test")
            try await redis.connect()
        }

        func append(_ payload: [UInt8], feed: Int) async throws {
            let id = StreamID(UInt64(try EventsEntryHeader(decoding: payload).first))
            let arguments: [RedisArgument] = [
                RedisArgument("XADD"), RedisArgument(names[feed].events), RedisArgument("\(id)"), RedisArgument("e"),
                RedisArgument(payload),
            ]
            _ = try await redis.command(arguments)
        }

        func reader() -> EventsReader {
            EventsReader(
                configuration: configuration, health: health,
                metrics: BroadcasterMetrics(factory: NOOPMetricsHandler.instance), clock: StageClock(), logger: .silent)
        }

        func close() async throws {
            try await redis.delete(names.map(\.events))
            await redis.close()
        }
    }

    private static func odds(_ script: inout EntryScript, _ price: Int) -> [UInt8] {
        script.entry(.odds(fixture: "fx", option: "home", price: "\(price + 2)"))
    }

    @Test func aLongLoadDelaysNobodyElse() async throws {
        let streams = try await Streams(batchEntries: 4)
        var scripts = streams.configuration.feeds.map { EntryScript(feed: $0, receivedAt: WallClock.now) }
        for number in 0..<200 { try await streams.append(Self.odds(&scripts[0], number), feed: 0) }
        try await streams.append(Self.odds(&scripts[1], 0), feed: 1)
        var reader = streams.reader()
        _ = try await reader.turn(block: .milliseconds(10))
        #expect(reader.unloaded == [0])
        // Whoever asks for readiness is not told that all is well before subscribers are let in.
        #expect(streams.health.health(of: EventsReader.component) != .up)
        try await streams.append(Self.odds(&scripts[1], 1), feed: 1)
        let early = try await reader.turn(block: .milliseconds(10))
        #expect(reader.unloaded == [0] && early.feeds[1].frame == scripts[1].last && !early.reach.hasCaughtUp)
        var batch = early
        while !batch.reach.hasCaughtUp { batch = try await reader.turn(block: .milliseconds(10)) }
        #expect(batch.feeds.map(\.frame) == scripts.map(\.last))
        #expect(streams.health.health(of: EventsReader.component) == .up)

        // A hole: the feed is built anew, and heartbeats go on, because its clients know.
        scripts[0].skip()
        try await streams.append(Self.odds(&scripts[0], 1), feed: 0)
        _ = try await reader.turn(block: .milliseconds(10))
        #expect(reader.unloaded == [0])
        let reloading = try await reader.turn(block: .milliseconds(10))
        #expect(reloading.reach.isCurrent == [true, true] && reloading.feeds[0].condition.status == .recovering)
        while !reader.unloaded.isEmpty { _ = try await reader.turn(block: .milliseconds(10)) }
        #expect(reader.distributor.books[0].chain.last == scripts[0].last)
        await reader.close()
        try await streams.close()
    }

    @Test func aFeedThatNeverEndsKeepsUpWhileItIsYoung() async throws {
        let streams = try await Streams(batchEntries: 2)
        var scripts = streams.configuration.feeds.map { EntryScript(feed: $0, receivedAt: WallClock.now) }
        var reader = streams.reader()
        while !(try await reader.turn(block: .milliseconds(10)).reach.hasCaughtUp) {}
        func readBusy() async throws -> [Bool] {
            for number in 0..<4 { try await streams.append(Self.odds(&scripts[0], number), feed: 0) }
            let reach = try await reader.turn(block: .milliseconds(10)).reach
            while reader.distributor.books[0].chain.last != scripts[0].last {
                _ = try await reader.turn(block: .milliseconds(10))
            }
            return reach.isCurrent
        }
        scripts[0].receivedAt = WallClock.now
        #expect(try await readBusy() == [true, true])
        scripts[0].receivedAt = WallClock.now - .seconds(5)
        #expect(try await readBusy() == [false, true])
        await reader.close()
        try await streams.close()
    }

    /// Feeds fall silent while Redis hangs: a turn that waits for it must not outlast their freshness.
    @Test func aRedisThatHangsIsGivenUpSoon() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        let feed = try #require(FeedName("book-a"))
        let configuration = BroadcasterConfiguration(
            redis: try RedisEndpoint(url: "redis://127.0.0.1:\(port)"), feeds: [feed], ownerName: "test")
        var reader = EventsReader(
            configuration: configuration, health: HealthRegistry(),
            metrics: BroadcasterMetrics(factory: NOOPMetricsHandler.instance), clock: StageClock(), logger: .silent)
        let began = ContinuousClock.now
        do {
            _ = try await reader.turn(block: .milliseconds(250))
            Issue.record("it answered")
        } catch is RedisError {}
        #expect(began.duration(to: .now) < .seconds(3))
        await reader.close()
        try await silent.close().get()
    }
}
