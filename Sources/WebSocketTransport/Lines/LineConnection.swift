package import Logging
package import NIOCore
import NIOPosix

/// An open client connection whose messages are lines of text over TCP or TLS, without a WebSocket around them.
///
/// Batches, limits and back-pressure are those of a WebSocket; whether the other end still lives is for its own
/// heartbeats to say.
package final class LineConnection: MessageConnection {
    private let channel: any Channel
    private let handler: NIOLoopBound<LineHandler>
    private let inbox: Inbox

    private init(channel: any Channel, handler: NIOLoopBound<LineHandler>, inbox: Inbox) {
        self.channel = channel
        self.handler = handler
        self.inbox = inbox
    }

    package var closeReason: CloseReason? { inbox.closeReason }

    package func next(
        reusing spent: consuming MessageBatch = MessageBatch()
    ) async throws(CancellationError) -> MessageBatch? {
        let taken = try await inbox.take(reusing: spent)
        if taken.mustResumeReading {
            channel.eventLoop.execute { [handler] in handler.value.resumeReading() }
        }
        return taken.batch
    }

    package func send(text: String) async throws(WebSocketError) {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        channel.eventLoop.execute { [handler] in handler.value.send(text, promise: promise) }
        do {
            try await promise.futureResult.get()
        } catch {
            throw error as? WebSocketError ?? .closed(closeReason)
        }
    }

    package func wake() { inbox.wake() }

    package func close(code: CloseCode, reason: String) async {
        let reason = CloseReason(code: code, text: reason)
        channel.eventLoop.execute { [handler] in handler.value.close(reason) }
        // Fails only when the event loop has shut down, and then the socket is closed too.
        try? await channel.closeFuture.get()
    }

    /// Whether the scheme of `url` asks for lines: `tls` or `tcp`.
    package static func isSpoken(at url: String) -> Bool {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        return scheme == "tls" || scheme == "tcp"
    }

    /// Why `url` cannot be connected to; nil if it can be tried.
    package static func problem(ofURL url: String) -> String? {
        do {
            _ = try EndpointURL(url, .lines)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Opens a connection: name resolution, TCP, proxy and TLS within `connectTimeout`. Of the configuration counts what
    /// does not belong to WebSockets.
    package static func connect(
        _ configuration: WebSocketClientConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "touchline.lines")
    ) async throws(WebSocketError) -> LineConnection {
        let url = try EndpointURL(configuration.url, .lines)
        let target = DialTarget(
            url: url, tls: configuration.tls, proxy: configuration.proxy, timeout: configuration.connectTimeout,
            readBytes: configuration.readBytes, onServerCertificate: configuration.onServerCertificate)
        let connection = try await ClientDial.open(target, group: group) { channel, opened in
            let inbox = Inbox(watermarkBytes: configuration.inboxBytes)
            let ready = channel.eventLoop.makePromise(of: Void.self)
            let handler = LineHandler(configuration, isSecure: url.isSecure, inbox: inbox, opened: ready)
            let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
            ready.futureResult
                .map { LineConnection(channel: channel, handler: bound, inbox: inbox) }
                .cascade(to: opened)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        logger.debug("connected", metadata: ["host": "\(url.host)", "port": "\(url.port)"])
        return connection
    }
}
