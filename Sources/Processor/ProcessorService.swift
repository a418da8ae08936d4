package import Logging
import RedisStreams
import ServiceLifecycle
package import Telemetry

/// Turns raw frames into validated, enriched events: one owner per feed, found by lease, shared fairly with other workers.
///
/// On graceful shutdown each feed finishes its batch, stores its decoder's checkpoint and gives up its lease.
package struct ProcessorService: Service {
    private let configuration: ProcessorConfiguration
    private let health: HealthRegistry
    private let logger: Logger

    package init(configuration: ProcessorConfiguration, health: HealthRegistry, logger: Logger) {
        self.configuration = configuration
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        let stop = StopFlag()
        let share = FeedShare(feeds: configuration.feeds.count)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let roster = WorkerRoster(configuration: configuration, share: share, stop: stop)
                tasks.addTask { try await roster.run() }
                for feed in configuration.feeds {
                    let runner = ProcessorRunner(
                        feed: feed, configuration: configuration, share: share, stop: stop, health: health,
                        logger: logger)
                    tasks.addTask { try await runner.run() }
                }
                try await tasks.waitForAll()
            }
        } onCancelOrGracefulShutdown: {
            stop.request()
        }
    }
}
