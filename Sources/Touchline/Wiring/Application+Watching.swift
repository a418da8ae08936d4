import Broadcaster
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

    /// What changes the process while it runs and tells how it is doing. In the order in which they begin, so that none of
    /// them sees the drain as trouble.
    func attendants(
        _ notifier: ServiceNotifier?, lists: FeedLists, keys: SubscriberKeys, metrics: PrometheusFactory,
        health: HealthRegistry, logger: Logger
    ) -> [any Service] {
        let webhook = WebhookSettings(configuration.webhook)
        var services: [any Service] = [DrainNotice(health: health)]
        if let reload {
            services.append(
                ReloadService(
                    start: configuration, stages: Set(stages), lists: lists, webhook: webhook, keys: keys,
                    reload: reload,
                    notifier: notifier, logger: logger))
        }
        services.append(
            WebhookService(
                settings: webhook, sender: "\(Self.hostName) (\(stageNames))",
                watch: TroubleWatch(health: health, metrics: metrics), group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "touchline.operations")))
        if let notifier { services.append(ReadinessNotice(notifier: notifier, health: health)) }
        return services
    }
}
