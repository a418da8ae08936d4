import FeedModel
package import Logging
import PostgresCopy
import RedisStreams
import ServiceLifecycle
package import Telemetry

/// Takes normalised events out of Redis into Postgres, each exactly once, for as long as the process lives.
///
/// On graceful shutdown every worker finishes its batch, commits and acknowledges; what Postgres will not take then
/// stays
/// pending in Redis, for whoever comes next.
package struct WriterService: Service {
    private let configuration: WriterConfiguration
    private let health: HealthRegistry
    private let logger: Logger

    /// - Throws: `WriterError.invalidConfiguration`.
    package init(
        configuration: WriterConfiguration, health: HealthRegistry, logger: Logger
    ) throws(WriterError) {
        try configuration.validate()
        self.configuration = configuration
        self.health = health
        self.logger = logger.with(LogKey.stage, "writer")
    }

    package func run() async throws {
        let stop = StopSignal()
        let parts = WriterParts(configuration: configuration, health: health, stop: stop, logger: logger)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await parts.run()
        } onCancelOrGracefulShutdown: {
            stop.request()
        }
    }
}
