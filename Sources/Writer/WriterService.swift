import FeedModel
package import Logging
import PostgresCopy
import RedisStreams
import ServiceLifecycle
import Supervision
package import Telemetry

/// Takes normalised events out of Redis into Postgres, each exactly once, for as long as the process lives.
///
/// On graceful shutdown every worker finishes its batch, commits and acknowledges; what Postgres will not take then
/// stays
/// pending in Redis, for whoever comes next.
package struct WriterService: Service {
    private let configuration: WriterConfiguration
    private let changes: AsyncStream<[WriterFeed]>
    private let health: HealthRegistry
    private let logger: Logger

    /// - Parameter changes: the whole list of feeds, whenever it has changed.
    /// - Throws: `WriterError.invalidConfiguration`.
    package init(
        configuration: WriterConfiguration, changes: AsyncStream<[WriterFeed]> = AsyncStream { $0.finish() },
        health: HealthRegistry, logger: Logger
    ) throws(WriterError) {
        try configuration.validate()
        self.configuration = configuration
        self.changes = changes
        self.health = health
        self.logger = logger.with(LogKey.stage, "writer")
        // Not ready before the tables have been seen.
        health.expect(WriterParts.component("start"))
    }

    package func run() async throws {
        let supervisor = Supervisor<FeedList, StopSignal>(makeStop: { StopSignal() })
        try await withTaskCancellationOrGracefulShutdownHandler {
            // Workers share the feeds: another list is another division of them, which takes a batch's time.
            let lists = changes.map { [FeedList(feeds: $0)] }
            try await supervisor.run([FeedList(feeds: configuration.feeds)], changes: lists) { list, stop in
                var configuration = configuration
                configuration.feeds = list.feeds
                let parts = WriterParts(configuration: configuration, health: health, stop: stop, logger: logger)
                try await parts.run()
            }
        } onCancelOrGracefulShutdown: {
            supervisor.stop()
        }
    }

    private struct FeedList: Identifiable, Equatable {
        let feeds: [WriterFeed]
        var id: Int { 0 }
    }
}
