package import Logging
package import NIOCore
import NIOPosix

/// An open client connection: what arrives is taken in batches, what is sent is masked and flushed at once.
///
/// One task calls `next()`; `send` and `close` may be called from anywhere. While more than `inboxBytes` wait, the
/// socket is not read and TCP slows the sender down. Pings, pongs and the close handshake need no caller.
package final class WebSocketConnection: Sendable {
    /// What the server picked of `subprotocols`.
    package let subprotocol: String?
    private let channel: any Channel
    private let handler: NIOLoopBound<WebSocketClientHandler>
    private let inbox: Inbox
    private let liveness: Liveness

    fileprivate init(
        _ subprotocol: String?, channel: any Channel, handler: NIOLoopBound<WebSocketClientHandler>, inbox: Inbox,
        liveness: Liveness
    ) {
        self.subprotocol = subprotocol
        self.channel = channel
        self.handler = handler
        self.inbox = inbox
        self.liveness = liveness
    }

    /// Why the connection ended; nil while it is open.
    package var closeReason: CloseReason? { inbox.closeReason }

    /// When bytes last came in, whatever they were.
    package var lastReceived: NIODeadline { liveness.lastReceived }

    /// Everything that arrived since the last call, at least one message; nil when the connection has ended and all of
    /// it was taken: then `closeReason` says why.
    ///
    /// `spent` is a batch whose contents are done with; its memory is used again.
    package func next(
        reusing spent: consuming MessageBatch = MessageBatch()
    ) async throws(CancellationError) -> MessageBatch? {
        let taken = try await inbox.take(reusing: spent)
        if taken.mustResumeReading {
            channel.eventLoop.execute { [handler] in handler.value.resumeReading() }
        }
        return taken.batch
    }

    /// Returns when the kernel has taken the message.
    package func send(text: String) async throws(WebSocketError) { try await send(.text, Array(text.utf8)) }

    /// Returns when the kernel has taken the message.
    package func send(binary: [UInt8]) async throws(WebSocketError) { try await send(.binary, binary) }

    private func send(_ opcode: Opcode, _ payload: [UInt8]) async throws(WebSocketError) {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        channel.eventLoop.execute { [handler] in handler.value.send(opcode, payload, promise: promise) }
        do {
            try await promise.futureResult.get()
        } catch {
            throw error as? WebSocketError ?? .closed(closeReason)
        }
    }

    /// Makes the call of `next()` that waits, or the next one, return with an empty batch: something is due by the clock.
    package func wake() { inbox.wake() }

    /// Stops reading the socket; `next()` gives what is in hand and then nil. For an orderly shutdown.
    package func stopReading() async {
        // Fails only when the event loop has shut down, and then nothing is read either.
        try? await channel.eventLoop.submit { [handler] in handler.value.stopReading() }.get()
    }

    /// Sends a close frame, waits for the answer (at most `closeTimeout`) and closes the socket.
    package func close(code: CloseCode = .normal, reason: String = "") async {
        channel.eventLoop.execute { [handler] in handler.value.close(code, reason) }
        // Fails only when the event loop has shut down, and then the socket is closed too.
        try? await channel.closeFuture.get()
    }
}

// MARK: - Connecting

extension WebSocketConnection {
    /// Opens a connection: name resolution, TCP, TLS and upgrade within `connectTimeout`.
    package static func connect(
        _ configuration: WebSocketClientConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "touchline.websocket")
    ) async throws(WebSocketError) -> WebSocketConnection {
        let url = try configuration.validated()
        let target = DialTarget(
            url: url, tls: configuration.tls, proxy: configuration.proxy, timeout: configuration.connectTimeout,
            readBytes: configuration.readBytes, onServerCertificate: configuration.onServerCertificate)
        let connection = try await ClientDial.open(target, group: group) { channel, opened in
            try prepare(channel, configuration, url: url, opened: opened)
        }
        logger.debug("connected", metadata: ["host": "\(url.host)", "port": "\(url.port)"])
        return connection
    }

    /// Adds the handler that upgrades, on the loop.
    private static func prepare(
        _ channel: any Channel, _ configuration: WebSocketClientConfiguration, url: EndpointURL,
        opened: EventLoopPromise<WebSocketConnection>
    ) throws {
        var generator = SystemRandomNumberGenerator()
        let upgrade = ClientUpgrade(configuration, url: url, key: HandshakeKey.random(using: &generator))
        let inbox = Inbox(watermarkBytes: configuration.inboxBytes)
        let liveness = Liveness(.now())
        let upgraded = channel.eventLoop.makePromise(of: ClientUpgrade.AcceptedUpgrade.self)
        let handler = WebSocketClientHandler(
            configuration, upgrade: upgrade, inbox: inbox, liveness: liveness, opened: upgraded)
        let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        upgraded.futureResult.map { accepted in
            WebSocketConnection(
                accepted.subprotocol, channel: channel, handler: bound, inbox: inbox, liveness: liveness)
        }.cascade(to: opened)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}
