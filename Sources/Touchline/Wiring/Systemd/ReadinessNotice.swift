import ServiceLifecycle
import Telemetry

/// Tells systemd when the process is ready for the first time, and when it begins to stop.
///
/// The last of the services, because a group stops them in reverse: the news comes before the drain.
struct ReadinessNotice: Service {
    let notifier: ServiceNotifier
    let health: HealthRegistry
    var period = Duration.milliseconds(100)

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while !(health.isReady && notifier.ready()) { try await Task.sleep(for: period) }
            }
            try await gracefulShutdown()
        } catch is CancellationError {}
        notifier.stopping()
    }
}
