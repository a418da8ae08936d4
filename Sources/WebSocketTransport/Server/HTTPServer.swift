package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One HTTP/1.1 port for plain requests, event streams and WebSocket upgrades.
///
/// `start()` once, `stop()` once. Connections are spread over the group's event loops.
package final class HTTPServer: Sendable {
    private let configuration: HTTPServerConfiguration
    private let routes: HTTPRoutes
    private let group: any EventLoopGroup
    private let logger: Logger
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<ServerLoop>]
    private let listener = Mutex<(any Channel)?>(nil)
    /// What new connections are encrypted with.
    private let tls = CurrentTLS()

    package init(
        configuration: HTTPServerConfiguration,
        routes: HTTPRoutes,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "touchline.websocket")
    ) {
        self.configuration = configuration
        self.routes = routes
        self.group = group
        self.logger = logger
        let interval = configuration.sweepInterval
        let ownsSockets = configuration.tls == nil
        let boxes = group.makeIterator().map { eventLoop in
            let loop = ServerLoop(eventLoop: eventLoop, sweepInterval: interval, ownsSockets: ownsSockets)
            let box = NIOLoopBoundBox.makeBoxSendingValue(loop, eventLoop: eventLoop)
            return (ObjectIdentifier(eventLoop), box)
        }
        loops = Dictionary(boxes, uniquingKeysWith: { first, _ in first })
    }

    /// Binds and accepts; returns where it listens, with the port that was taken.
    @discardableResult
    package func start() async throws(WebSocketError) -> ListeningAddress {
        try reloadTLS()
        let asked = ListeningAddress(host: configuration.host, port: configuration.port)
        do {
            let channel = try await bootstrap().bind(host: asked.host, port: asked.port).get()
            listener.withLock { $0 = channel }
            let address = ListeningAddress(host: asked.host, port: channel.localAddress?.port ?? asked.port)
            logger.debug("listening", metadata: ["address": "\(address)"])
            return address
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .bindFailed(address: asked.description, reason: "another program is using the address")
        } catch let error as IOError where error.errnoCode == EACCES {
            throw .bindFailed(address: asked.description, reason: "this user may not use the port")
        } catch let error as IOError {
            throw .bindFailed(address: asked.description, reason: error.description)
        } catch {
            throw .bindFailed(address: asked.description, reason: "\(error)")
        }
    }

    /// Reads the certificate and its key again, for new connections. When that throws, the former hold.
    package func reloadTLS() throws(WebSocketError) {
        guard let files = configuration.tls else { return }
        tls.context = try ServerTLS.context(files)
    }

    /// Stops accepting, closes idle connections, sends WebSocket peers `code`, lets responses finish, and after `grace`
    /// closes what is left.
    package func stop(code: CloseCode = .goingAway, reason: String = "", grace: Duration = .seconds(5)) async {
        // What fails here is closed already.
        try? await listener.withLock { $0.take() }?.close().get()
        await withDiscardingTaskGroup { tasks in
            for loop in loops.values {
                tasks.addTask { try? await Self.drain(loop, CloseReason(code: code, text: reason), grace).get() }
            }
        }
        logger.debug("stopped listening")
    }

    /// How many connections of any kind are open.
    package func connectionCount() async -> Int {
        var count = 0
        for loop in loops.values {
            count += (try? await loop.eventLoop.submit { loop.value.connectionCount }.get()) ?? 0
        }
        return count
    }

    private static func drain(
        _ loop: NIOLoopBoundBox<ServerLoop>, _ reason: CloseReason, _ grace: Duration
    ) -> EventLoopFuture<Void> {
        loop.eventLoop.flatSubmit {
            let drained = loop.value.drain(reason.code, reason.text)
            let timer = loop.eventLoop.scheduleTask(in: TimeAmount(grace)) { loop.value.abortAll() }
            return drained.always { _ in timer.cancel() }
        }
    }
}

// MARK: - Accepting

extension HTTPServer {
    /// The most that a request head may hold: a token and some cookies, not a library.
    private static let maximumHeadBytes = 32 * 1024

    private func bootstrap() -> ServerBootstrap {
        let watermark = ChannelOptions.Types.WriteBufferWaterMark(
            low: configuration.webSocket.lowWatermarkBytes, high: configuration.webSocket.highWatermarkBytes)
        // A connection keeps its last read buffer: small ones keep ten thousand idle connections small.
        let reads = AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 1024, maximum: 64 * 1024)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: configuration.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: watermark)
            .childChannelOption(.recvAllocator, value: reads)
            .childChannelInitializer { [configuration, routes, loops, tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)]?.value else {
                        throw WebSocketError.closed(nil)
                    }
                    try Self.configure(channel, configuration, routes, loop, tls.context)
                }
            }
    }

    private static func configure(
        _ channel: any Channel, _ configuration: HTTPServerConfiguration, _ routes: HTTPRoutes, _ loop: ServerLoop,
        _ tls: NIOSSLContext?
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = maximumHeadBytes
        limits.maxHeaderListSize = maximumHeadBytes
        limits.maxHeaderFieldCount = 100
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        let companions = HTTPServerHandler.Companions(
            encoder: HTTPResponseEncoder(), decoder: ByteToMessageHandler(decoder),
            pipelining: HTTPServerPipelineHandler())
        let handler = HTTPServerHandler(configuration, routes: routes, loop: loop, companions: companions)
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        try pipeline.addHandler(companions.encoder)
        try pipeline.addHandler(companions.decoder)
        try pipeline.addHandler(companions.pipelining)
        try pipeline.addHandler(handler)
    }
}

/// Where a server listens.
package struct ListeningAddress: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension HTTPServerConfiguration {
    /// Often enough that the shortest timeout is kept within a quarter.
    fileprivate var sweepInterval: TimeAmount {
        let timeouts = [
            headerTimeout, bodyTimeout, idleTimeout, webSocket.pingInterval, webSocket.pongTimeout,
            webSocket.closeTimeout,
        ]
        return min(.seconds(1), TimeAmount(timeouts.min().map { $0 / 4 } ?? .seconds(1)))
    }
}
