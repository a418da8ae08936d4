import ServiceLifecycle
import Telemetry

/// Says in `/health/ready` that the process drains, so that whoever asks there sends it nothing new.
///
/// Behind the stages in the list of services, because a group stops them in reverse: the news comes before the drain.
struct DrainNotice: Service {
    let health: HealthRegistry

    /// Under which name it is told.
    static let component = "process"

    func run() async throws {
        // Cancelled, the process ends as well.
        try? await gracefulShutdown()
        health.report(Self.component, .down("draining"))
    }
}
