import Logging
import NIOPosix
import ServiceLifecycle
import Telemetry

/// What watches the process from inside.
extension Application {
    /// Proof for systemd that the process lives, if it asks for one.
    func watchdog(_ notifier: ServiceNotifier?) -> [any Service] {
        guard let notifier, let limit = notifier.watchdogLimit else { return [] }
        return [WatchdogService(notifier: notifier, limit: limit, group: .singleton)]
    }

    /// What sends the spans that the stages leave with `tracer`, if there is one.
    func traceExport(_ tracer: Tracer?, instance: String) -> [any Service] {
        guard let tracer, let traces = configuration.traces else { return [] }
        return [
            TraceExportService(
                configuration: traces, resource: TraceResource(instance: instance, stage: stageNames), tracer: tracer,
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "touchline.operations"))
        ]
    }

    /// Alerts, if they are to be posted anywhere.
    func webhook(metrics: PrometheusFactory, health: HealthRegistry) -> [any Service] {
        guard let webhook = configuration.webhook else { return [] }
        return [
            WebhookService(
                configuration: webhook, sender: "\(Self.hostName) (\(stageNames))",
                watch: TroubleWatch(health: health, metrics: metrics, silentAfter: webhook.silentAfter),
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "touchline.operations"))
        ]
    }
}
