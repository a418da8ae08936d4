import FeedModel
import RedisStreams
import Testing
import Writer

@Suite("Writer configuration")
struct WriterConfigurationTests {
    private func configuration(feeds: Int = 1, connections: Int = 2) throws -> WriterConfiguration {
        WriterConfiguration(
            redis: try RedisEndpoint(url: "redis://127.0.0.1:1"), postgresURL: "postgresql://x@127.0.0.1/x",
            feeds: try (0..<feeds).map {
                WriterFeed(name: try #require(FeedName("feed-\($0)")), provider: "sportsbook")
            }, connections: connections, consumerName: "host-writer")
    }

    @Test("the defaults are valid")
    func defaults() throws { try configuration().validate() }

    @Test("what cannot work is refused with a sentence")
    func refusals() throws {
        var many = try configuration()
        many.connections = 5
        var small = try configuration()
        small.batch = BatchPolicy(rows: 0)
        var twice = try configuration()
        twice.feeds += twice.feeds
        var hasty = try configuration()
        hasty.claim.minimumIdle = .milliseconds(60)
        for bad in [many, small, twice, hasty] {
            #expect(throws: WriterError.self) { try bad.validate() }
        }
    }

    @Test("while there are enough feeds each has one worker; a worker without one helps")
    func feedsOfWorkers() throws {
        let wide = try configuration(feeds: 5, connections: 2)
        #expect(wide.feeds(ofWorker: 0) == [0, 2, 4])
        #expect(wide.feeds(ofWorker: 1) == [1, 3])
        let narrow = try configuration(feeds: 1, connections: 3)
        #expect((0..<3).map { narrow.feeds(ofWorker: $0) } == [[0], [0], [0]])
        #expect(try configuration(feeds: 0).feeds(ofWorker: 0).isEmpty)
    }
}
