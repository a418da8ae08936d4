import ArgumentParser
import Broadcaster
import FeedClient
import FeedModel
import Foundation
import Logging
import Metrics
import NIOPosix
import PostgresCopy
import Processor
import RedisStreams
import ServiceLifecycle
import Telemetry
import UnixSignals
import Writer

/// A process that runs stages: checks its servers, builds the services, runs them until a signal.
///
/// The first SIGTERM or SIGINT drains, which takes at most 30 s; a second one ends the process at once.
struct Application {
    let configuration: TouchlineConfiguration
    let stages: [Stage]
    /// Services that run beside the stages and stop after them, such as the demo's sportsbook.
    var companions: [any Service] = []
    /// Called once everything is started.
    var onStarted: @Sendable () -> Void = {}
    /// Reads the configuration again, for SIGHUP; nil leaves that signal alone.
    var reload: (@Sendable () throws -> TouchlineConfiguration)?

    func run() async throws {
        if configuration.feeds.isEmpty {
            throw CommandFailure(description: "no feeds are configured: add one under 'feeds:'", exitCode: ExitCode(2))
        }
        StructuredLogHandler.bootstrap(configuration.log)
        let metrics = PrometheusFactory()
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(label: "touchline")
        try await Preflight(configuration: configuration, stages: stages, logger: logger).check()
        let health = HealthRegistry()
        let lists = FeedLists()
        let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
        var services = watchdog(notifier)
        let keys = SubscriberKeys(configuration.subscribers.authentication.keys)
        services += try self.services(lists, keys, metrics: metrics, health: health)
        services += attendants(
            notifier, lists: lists, keys: keys, metrics: metrics, health: health, logger: logger)
        var group = ServiceGroupConfiguration(
            services: services.map {
                .init(service: NamedService($0), successTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(30)
        logger.info("starting", metadata: ["stages": "\(stageNames)"])
        try await ServiceGroup(configuration: group).run()
        logger.info("stopped")
    }

    /// In the order of the pipeline written backwards, because a group stops its services in reverse.
    private func services(
        _ lists: FeedLists, _ keys: SubscriberKeys, metrics: PrometheusFactory, health: HealthRegistry
    ) throws -> [any Service] {
        let redis = try configuration.redis
        let owner = "\(Self.hostName)-\(ProcessInfo.processInfo.processIdentifier)"
        let tracer = configuration.traces.map { Tracer(oneIn: $0.sample) }
        var services: [any Service] = companions
        services.append(
            OperationsService(
                address: configuration.operations, metrics: metrics, health: health,
                logger: Logger(label: "touchline.operations"), onStarted: onStarted))
        services += traceExport(tracer, instance: owner)
        if stages.contains(.broadcast) {
            services.append(try broadcaster(redis: redis, keys, owner: owner, health: health, tracer: tracer))
        }
        if stages.contains(.write) {
            services.append(try writer(redis: redis, lists, health: health, tracer: tracer))
        }
        if stages.contains(.process) {
            services.append(processor(redis: redis, lists, owner: owner, health: health, tracer: tracer))
        }
        if stages.contains(.feed) {
            services.append(feedClient(redis: redis, lists, owner: owner, health: health, tracer: tracer))
        }
        return services
    }

    private func feedClient(
        redis: RedisEndpoint, _ lists: FeedLists, owner: String, health: HealthRegistry, tracer: Tracer?
    ) -> any Service {
        var feedClient = FeedClientConfiguration(
            redis: redis, prefix: configuration.prefix, feeds: configuration.feeds,
            isRawAuditOn: configuration.isRawAuditOn, linger: configuration.linger, ownerName: owner)
        feedClient.spool = configuration.spool
        feedClient.tracer = tracer
        return FeedClientService(
            configuration: feedClient, changes: lists.configured, health: health, group: .singleton,
            logger: Logger(label: "touchline.feed_client"))
    }

    private func processor(
        redis: RedisEndpoint, _ lists: FeedLists, owner: String, health: HealthRegistry, tracer: Tracer?
    ) -> any Service {
        let feeds = configuration.feeds.map(ProcessedFeed.init)
        var processor = ProcessorConfiguration(
            redis: redis, prefix: configuration.prefix, feeds: feeds, ownerName: owner)
        processor.tracer = tracer
        return ProcessorService(
            configuration: processor, changes: lists.processed, health: health,
            logger: Logger(label: "touchline.processor"))
    }

    private func writer(
        redis: RedisEndpoint, _ lists: FeedLists, health: HealthRegistry, tracer: Tracer?
    ) throws -> any Service {
        var policy = BatchPolicy()
        policy.rows = configuration.batchRows
        policy.bytes = configuration.batchBytes
        policy.period = configuration.batchPeriod
        var writer = WriterConfiguration(
            redis: redis, postgresURL: configuration.postgresURL, prefix: configuration.prefix,
            feeds: configuration.feeds.map(WriterFeed.init),
            connections: min(configuration.postgresConnections, 4), batch: policy,
            isRawAuditOn: configuration.isRawAuditOn, consumerName: "\(Self.hostName)-writer",
            letters: configuration.letters, partitions: configuration.partitions)
        writer.tracer = tracer
        return try WriterService(
            configuration: writer, changes: lists.written, health: health, logger: Logger(label: "touchline.writer"))
    }

    private func broadcaster(
        redis: RedisEndpoint, _ keys: SubscriberKeys, owner: String, health: HealthRegistry, tracer: Tracer?
    ) throws -> any Service {
        var broadcaster = BroadcasterConfiguration(
            redis: redis, prefix: configuration.prefix, feeds: configuration.feeds.map(\.name),
            host: configuration.broadcaster.host, port: configuration.broadcaster.port,
            authentication: configuration.subscribers.authentication, ownerName: owner)
        broadcaster.keys = keys
        broadcaster.tls = configuration.subscribers.tls
        broadcaster.allowedOrigins = configuration.subscribers.allowedOrigins
        broadcaster.acceptsCompression = configuration.subscribers.acceptsCompression
        broadcaster.eventLoops = configuration.subscribers.eventLoops
        broadcaster.limits = configuration.subscribers.limits
        broadcaster.tracer = tracer
        broadcaster.drain = configuration.subscribers.drain
        return BroadcasterService(
            configuration: broadcaster, health: health, logger: Logger(label: "touchline.broadcaster"))
    }

    var stageNames: String { stages.map(\.rawValue).joined(separator: ",") }

    static let hostName: String = {
        let name = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "host"
        return String(name.prefix(32))
    }()
}
