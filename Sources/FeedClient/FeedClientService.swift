package import Logging
import NIOCore
package import NIOPosix
import RedisStreams
import ServiceLifecycle
import Supervision
package import Telemetry

/// Takes the configured feeds from their sportsbooks into Redis: one runner per feed, each for ever.
///
/// On graceful shutdown every feed stops reading its socket, appends what it has in hand and gives up its lease.
package struct FeedClientService: Service {
    private let configuration: FeedClientConfiguration
    private let changes: AsyncStream<[FeedConfiguration]>
    private let health: HealthRegistry
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger

    /// - Parameter changes: the whole list of feeds, whenever it has changed.
    package init(
        configuration: FeedClientConfiguration,
        changes: AsyncStream<[FeedConfiguration]> = AsyncStream { $0.finish() }, health: HealthRegistry,
        group: MultiThreadedEventLoopGroup, logger: Logger
    ) {
        self.configuration = configuration
        self.changes = changes
        self.health = health
        self.group = group
        self.logger = logger
        // Not ready before each feed has said how it is doing.
        for feed in configuration.feeds { health.expect(FeedRunner.component(of: feed.name)) }
    }

    /// Between the starts of two feeds: many feeds do not knock at one provider in one instant.
    private static let stagger = Duration.milliseconds(25)

    package func run() async throws {
        let supervisor = Supervisor<FeedConfiguration, StopSignal>(makeStop: { StopSignal() })
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await supervisor.run(configuration.feeds, changes: changes, stagger: Self.stagger) { feed, stop in
                let runner = FeedRunner(
                    feed: feed, configuration: configuration, health: health, group: group, stop: stop, logger: logger)
                try await runner.run()
            }
        } onCancelOrGracefulShutdown: {
            supervisor.stop()
        }
    }
}
