import AccessTokens
package import Logging
package import Metrics
import NIOCore
import NIOPosix
import RedisStreams
import ServiceLifecycle
import Synchronization
package import Telemetry
package import WebSocketTransport

/// Serves the normalised odds to subscribers over WebSocket, event streams, REST and a page.
///
/// `run` listens at once but lets nobody in before the feeds' streams are caught up with. On graceful shutdown it tells
/// the subscribers to go elsewhere and ends their connections over `drain`, while prices go on.
package struct BroadcasterService: Service {
    private let configuration: BroadcasterConfiguration
    private let health: HealthRegistry
    private let metrics: BroadcasterMetrics
    private let logger: Logger
    private let onListening: @Sendable (ListeningAddress) -> Void

    /// - Parameter onListening: told where the port was taken, before the first subscriber is let in.
    package init(
        configuration: BroadcasterConfiguration, health: HealthRegistry,
        metrics factory: any MetricsFactory = MetricsSystem.factory, logger: Logger,
        onListening: @escaping @Sendable (ListeningAddress) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.health = health
        metrics = BroadcasterMetrics(factory: factory)
        self.logger = logger
        self.onListening = onListening
        health.expect(EventsReader.component)
    }

    package func run() async throws {
        try configuration.validate()
        DescriptorLimit.raise()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        do {
            try await serve(on: group)
            try await group.shutdownGracefully()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        let clock = StageClock()
        let conflation = ConflationUse()
        let verifier = try await verifier()
        let apiKeys = configuration.keys ?? SubscriberKeys(configuration.authentication.keys)
        let gate = SubscriberGate(
            authenticator: Authenticator(configuration.authentication, verifier: verifier, keys: apiKeys),
            limits: configuration.limits, clock: clock)
        var hosts: [HubHost] = []
        for eventLoop in group.makeIterator() {
            hosts.append(
                try await HubHost.make(
                    eventLoop, configuration: configuration, metrics: metrics, conflation: conflation, clock: clock))
        }
        let probe = PipelineProbe(configuration: configuration, clock: clock)
        let routes = SubscriberRoutes(
            configuration: configuration, gate: gate, hosts: hosts, probe: probe, metrics: metrics)
        let server = HTTPServer(configuration: serverConfiguration, routes: routes.routes, group: group, logger: logger)
        onListening(try await listen(server))
        let fanOut = FanOut(
            configuration: configuration, hosts: hosts, gate: gate, conflation: conflation, health: health,
            metrics: metrics, clock: clock, logger: logger)
        let watch = CredentialWatch(
            configuration: configuration, verifier: verifier, apiKeys: apiKeys, server: server, hosts: hosts,
            metrics: metrics,
            logger: logger)
        let departure = Departure(hosts: hosts, period: configuration.drain)
        let result = await Result {
            try await watch.run(while: { try await fanOut.run(drain: { await departure.run() }) })
        }
        await server.stop(code: .draining, reason: "draining", grace: .seconds(2))
        await probe.close()
        try result.get()
    }

    /// Reads the keys for tokens, so that what is wrong with them is said at the start.
    private func verifier() async throws(BroadcasterError) -> TokenVerifier? {
        guard let tokens = configuration.authentication.tokens else { return nil }
        do throws(TokenError) { return try await TokenVerifier(tokens) } catch {
            throw .configuration(error.description)
        }
    }

    private func listen(_ server: HTTPServer) async throws(BroadcasterError) -> ListeningAddress {
        do { return try await server.start() } catch { throw .listening("\(error)") }
    }

    private var serverConfiguration: HTTPServerConfiguration {
        var server = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
        server.tls = configuration.tls
        // Who sends a request a byte at a time gets no longer than who has connected and says nothing.
        server.headerTimeout = configuration.limits.authentication
        server.webSocket.maximumMessageBytes = configuration.limits.messageBytes
        server.webSocket.noPongCode = .noPong
        server.webSocket.compression = configuration.acceptsCompression ? .withoutContextTakeover : .off
        server.webSocket.tooSlowCode = .tooSlow
        // A lane's snapshot is written as a whole, however large the lane is.
        server.webSocket.maximumUnwrittenBytes = max(8 * 1024 * 1024, configuration.limits.unwrittenBytes * 4)
        return server
    }
}
