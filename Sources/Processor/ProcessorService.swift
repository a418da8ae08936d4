package import Logging
import RedisStreams
import ServiceLifecycle
import Supervision
package import Telemetry

/// Turns raw frames into validated, enriched events: one owner per feed, found by lease, shared fairly with other
/// workers.
///
/// On graceful shutdown each feed finishes its batch, stores its decoder's checkpoint and gives up its lease.
package struct ProcessorService: Service {
    private let configuration: ProcessorConfiguration
    private let changes: AsyncStream<[ProcessedFeed]>
    private let health: HealthRegistry
    private let logger: Logger

    /// - Parameter changes: the whole list of feeds, whenever it has changed.
    package init(
        configuration: ProcessorConfiguration, changes: AsyncStream<[ProcessedFeed]> = AsyncStream { $0.finish() },
        health: HealthRegistry, logger: Logger
    ) {
        self.configuration = configuration
        self.changes = changes
        self.health = health
        self.logger = logger
        // Not ready before each feed has said how it is doing.
        for feed in configuration.feeds { health.expect(ProcessorRunner.component(of: feed.name)) }
    }

    package func run() async throws {
        let stop = StopFlag()
        let share = FeedShare(feeds: configuration.feeds.count)
        let supervisor = Supervisor<ProcessedFeed, StopFlag>(makeStop: { StopFlag() })
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let roster = WorkerRoster(configuration: configuration, share: share, stop: stop)
                tasks.addTask { try await roster.run() }
                tasks.addTask {
                    try await supervisor.run(
                        configuration.feeds, changes: changes, onChange: { share.update(feeds: $0.count) }
                    ) { feed, stop in
                        let runner = ProcessorRunner(
                            feed: feed, configuration: configuration, share: share, stop: stop, health: health,
                            logger: logger)
                        try await runner.run()
                    }
                }
                try await tasks.waitForAll()
            }
        } onCancelOrGracefulShutdown: {
            stop.request()
            supervisor.stop()
        }
    }
}
