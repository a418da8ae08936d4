package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Telemetry
package import WebSocketTransport

/// The sportsbook API (FEEDS, part A) on one thread of its own: a simulated world, or load.
///
/// `start()` once, then `stop()` once; or `run()` as a service. Everything else may be called in between from anywhere.
package final class SportsbookServer: Service, Sendable {
    private let configuration: SportsbookConfiguration
    private let logger: Logger
    private let running = Mutex<Running?>(nil)

    private struct Running: Sendable {
        let group: MultiThreadedEventLoopGroup
        let http: HTTPServer
        let book: NIOLoopBound<Book>
        let loop: any EventLoop
    }

    package init(_ configuration: SportsbookConfiguration, logger: Logger = Logger(label: "touchline.sportsbook")) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Binds and serves; returns the URL to connect to.
    @discardableResult
    package func start() async throws -> String {
        let problems = configuration.problems
        guard problems.isEmpty else { throw SportsbookError.configuration(problems) }
        // One thread: the world, its logs and all connections are plain values on it.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let (configuration, logger) = (self.configuration, self.logger)
        let book = try await loop.submit {
            NIOLoopBound(Book(configuration, loop: loop, logger: logger), eventLoop: loop)
        }.get()
        let http = HTTPServer(
            configuration: httpConfiguration,
            routes: HTTPRoutes(upgrade: { book.value.decide(on: $0) }),
            group: group, logger: logger)
        do {
            let address = try await http.start()
            running.withLock { $0 = Running(group: group, http: http, book: book, loop: loop) }
            let scheme = configuration.tls == nil ? "ws" : "wss"
            return "\(scheme)://\(address)\(configuration.path)"
        } catch {
            try await loop.submit { book.value.stop() }.get()
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Closes every connection with `code` and ends.
    package func stop(code: CloseCode = .goingAway, grace: Duration = .seconds(2)) async {
        guard let running = running.withLock({ $0.take() }) else { return }
        await running.http.stop(code: code, reason: "", grace: grace)
        try? await running.loop.submit { running.book.value.stop() }.get()
        try? await running.group.shutdownGracefully()
    }

    /// Serves until graceful shutdown.
    package func run() async throws {
        let url = try await start()
        logger.info("sportsbook is listening", metadata: ["url": "\(url)"])
        try? await gracefulShutdown()
        await stop()
    }

    private var httpConfiguration: HTTPServerConfiguration {
        var http = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
        http.tls = configuration.tls
        http.webSocket.compression = configuration.compression
        // Buffers are large, so the marks are: a reader that keeps up never waits for a turn of the loop.
        http.webSocket.highWatermarkBytes = 8 * SendLimits.bufferBytes
        http.webSocket.lowWatermarkBytes = 2 * SendLimits.bufferBytes
        // A snapshot, or a frame that is too large on purpose, is written in one go; live messages wait in the log.
        http.webSocket.maximumUnwrittenBytes = 256 * 1024 * 1024
        http.webSocket.tooSlowCode = 4408
        return http
    }
}

extension SportsbookServer {
    private func onBook<Result: Sendable>(
        _ body: @escaping @Sendable (Book) -> Result
    ) async -> Result? {
        guard let running = running.withLock({ $0 }) else { return nil }
        return try? await running.loop.submit { body(running.book.value) }.get()
    }

    /// Lets gated load begin.
    package func openGate() async { await onBook { $0.openGate() } }

    /// From now on only `token` is let in; who is connected is closed with 4401.
    package func replaceToken(_ token: String?) async { await onBook { $0.replaceToken(token) } }

    /// Closes all connections and goes on serving.
    package func closeConnections(code: CloseCode, reason: String = "") async {
        await onBook { $0.closeAll(code, reason) }
    }

    /// What was done so far; zeros when not running.
    package func statistics() async -> SportsbookStatistics {
        await onBook { book in
            var statistics = book.statistics
            statistics.processorTime = ThreadTime.now
            return statistics
        } ?? SportsbookStatistics()
    }
}
