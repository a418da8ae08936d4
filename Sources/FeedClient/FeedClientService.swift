package import Logging
import NIOCore
package import NIOPosix
import RedisStreams
import ServiceLifecycle
package import Telemetry

/// Takes the configured feeds from their sportsbooks into Redis: one runner per feed, each for ever.
///
/// On graceful shutdown every feed stops reading its socket, appends what it has in hand and gives up its lease.
package struct FeedClientService: Service {
    private let configuration: FeedClientConfiguration
    private let health: HealthRegistry
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger

    package init(
        configuration: FeedClientConfiguration, health: HealthRegistry, group: MultiThreadedEventLoopGroup,
        logger: Logger
    ) {
        self.configuration = configuration
        self.health = health
        self.group = group
        self.logger = logger
    }

    /// Between the starts of two feeds: many feeds do not knock at one provider in one instant.
    private static let stagger = Duration.milliseconds(25)

    package func run() async throws {
        let stop = StopSignal()
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (index, feed) in configuration.feeds.enumerated() {
                    let runner = FeedRunner(
                        feed: feed, configuration: configuration, health: health, group: group, stop: stop,
                        logger: logger)
                    tasks.addTask {
                        try await Task.sleep(for: Self.stagger * index)
                        try await runner.run()
                    }
                }
                try await tasks.waitForAll()
            }
        } onCancelOrGracefulShutdown: {
            stop.request()
        }
    }
}
