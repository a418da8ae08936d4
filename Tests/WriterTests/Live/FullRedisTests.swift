import DevServices
import FeedModel
import Logging
import RedisStreams
import Telemetry
import TestSupport
import Testing

@testable import Writer

@Suite("Writer: a Redis that is full", .timeLimit(.minutes(1)))
struct FullRedisTests {
    @Test("history gives way although Redis takes nothing any more, not even that this worker lives")
    func givesWay() async throws {
        var options = RedisServer.Options()
        options.maximumMemoryBytes = 16 << 20
        let server = try await RedisServer.start(options: options)
        let endpoint = try RedisEndpoint(url: server.url)
        let redis = RedisConnection(endpoint: endpoint, name: "test")
        try await redis.connect()
        let name = try #require(FeedName("feed"))
        let streams = StreamNames(prefix: "full", feed: name)
        _ = try await redis.createGroup(stream: streams.events, group: ConsumerGroup.writer, at: .zero)
        var samples = SampleEntries()
        var refused = false
        while !refused {
            let payload = samples.priced(1)
            guard case .outOfMemory = try await redis.append(to: streams.events, payload) else { continue }
            refused = true
        }
        // Everything has been written.
        _ = try await redis.command(["XGROUP", "SETID", .text(streams.events), "writer", "$"])
        let full = try #require(try await redis.streamInfo(of: streams.events)).length
        await #expect(throws: RedisError.self) { try await redis.touchWorker("full:workers", name: "w", now: 1) }

        let stop = StopSignal()
        let configuration = WriterConfiguration(
            redis: endpoint, postgresURL: "postgresql:///none", prefix: "full",
            feeds: [WriterFeed(name: name, provider: "sportsbook")], connections: 1, batch: BatchPolicy(),
            consumerName: "full-writer")
        let upkeep = StreamUpkeep(
            configuration: configuration, routes: [FeedRoute(index: 0, feedID: 1, streams: streams)],
            redis: RedisConnection(endpoint: endpoint, name: "upkeep"), metrics: WriterMetrics(worker: "streams"),
            stop: stop, health: HealthRegistry(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let running: Void = upkeep.run()
        var length = full
        for _ in 0..<200 where length > full * 9 / 10 {
            try await Task.sleep(for: .milliseconds(50))
            length = try #require(try await redis.streamInfo(of: streams.events)).length
        }
        stop.request()
        try await running
        #expect(length <= full * 9 / 10)
        try await redis.touchWorker("full:workers", name: "w", now: 1)
        await redis.close()
        await server.stop()
    }
}
