import Logging
import ServiceLifecycle
import Telemetry
import WebSocketTransport

/// Serves `/metrics`, `/health/live`, `/health/ready` and `/version` until the shutdown.
struct OperationsService: Service {
    let address: ListenAddress
    let metrics: PrometheusFactory
    let health: HealthRegistry
    let logger: Logger
    let onStarted: @Sendable () -> Void

    /// Under which name it reports its own health.
    private static let component = "operations"

    init(
        address: ListenAddress, metrics: PrometheusFactory, health: HealthRegistry, logger: Logger,
        onStarted: @escaping @Sendable () -> Void
    ) {
        self.address = address
        self.metrics = metrics
        self.health = health
        self.logger = logger
        self.onStarted = onStarted
        // Nobody is told that the process is ready before somebody can ask.
        health.expect(Self.component)
    }

    func run() async throws {
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(host: address.host, port: address.port), routes: routes(),
            logger: logger)
        do {
            let bound = try await server.start()
            logger.info("operations endpoint is up", metadata: [LogKey.address: "\(bound)"])
        } catch {
            throw CommandFailure(description: "operations.listen \(address) cannot be used: \(error)")
        }
        health.report(Self.component, .up)
        onStarted()
        try? await gracefulShutdown()
        EndAtSecondSignal.arm()
        await server.stop()
    }

    private func routes() -> HTTPRoutes {
        let (metrics, health) = (metrics, health)
        return HTTPRoutes(respond: { request in
            guard request.method == "GET" || request.method == "HEAD" else {
                return HTTPResponse(status: 405, headers: ["allow": "GET, HEAD"], text: "only GET and HEAD\n")
            }
            switch request.path {
            case "/metrics":
                return HTTPResponse(status: 200, contentType: PrometheusFactory.contentType, text: metrics.render())
            case "/health/live": return HTTPResponse(status: 200, text: "live\n")
            case "/health/ready":
                let (isReady, json) = health.readyDocument()
                return .json(status: isReady ? 200 : 503, json)
            case "/version": return .json(BuildInfo.document)
            default:
                return HTTPResponse(
                    status: 404, text: "there is /metrics, /health/live, /health/ready and /version\n")
            }
        })
    }
}
