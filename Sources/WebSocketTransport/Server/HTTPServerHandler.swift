import NIOCore
import NIOHTTP1

/// One HTTP/1.1 connection of a server, until it is upgraded or becomes an event stream.
///
/// Requests come one at a time: pipelined ones wait in the handler before this one.
final class HTTPServerHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The handlers that leave the pipeline with this one; `decoder` last, for it passes on what it has not parsed.
    struct Companions {
        let encoder: HTTPResponseEncoder
        let decoder: ByteToMessageHandler<HTTPRequestDecoder>
        let pipelining: HTTPServerPipelineHandler
    }

    private enum Phase {
        case idle
        case receiving(HTTPRequestHead, body: [UInt8])
        case responding
        /// An answer ends the connection; what still arrives is ignored.
        case closing
        case left
    }

    private let configuration: HTTPServerConfiguration
    private let routes: HTTPRoutes
    private let loop: ServerLoop
    private let companions: Companions
    private var context: ChannelHandlerContext?
    private var phase = Phase.idle
    private var deadline: NIODeadline
    private var response: Task<Void, Never>?
    var slot = 0

    init(
        _ configuration: HTTPServerConfiguration, routes: HTTPRoutes, loop: ServerLoop, companions: Companions
    ) {
        self.configuration = configuration
        self.routes = routes
        self.loop = loop
        self.companions = companions
        deadline = .now() + TimeAmount(configuration.headerTimeout)
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        if loop.isDraining { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), phase) {
        case (.head(let head), .idle): headReceived(head)
        case (.body(let bytes), .receiving(let head, var body)):
            phase = .idle
            body.append(contentsOf: bytes.readableBytesView)
            phase = .receiving(head, body: body)
            if body.count > configuration.maximumBodyBytes { refuse(413) }
        case (.end, .receiving(let head, let body)): requestReceived(head, body)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, case .idle = phase {
            refuse(error as? HTTPParserError == .headerOverflow ? 431 : 400)
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: - Requests

    private func headReceived(_ head: HTTPRequestHead) {
        deadline = .now() + TimeAmount(configuration.bodyTimeout)
        phase = .receiving(head, body: [])
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        if length > configuration.maximumBodyBytes { refuse(413) }
    }

    private func requestReceived(_ head: HTTPRequestHead, _ body: [UInt8]) {
        phase = .responding
        deadline = .distantFuture
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard head.uri.hasPrefix("/"), let path = PercentEncoding.decode(parts[0]) else { return refuse(400) }
        let request = HTTPRequest(
            method: head.method.rawValue, path: path, queryText: parts.count > 1 ? String(parts[1]) : "",
            headers: HTTPFields(head.headers.map { (name: $0.name, value: $0.value) }),
            remoteAddress: context?.channel.remoteAddress?.addressText ?? "", body: body)
        guard ServerUpgrade.isRequested(request.headers) else { return respond(to: request, head) }
        // Behind a request to upgrade the decoder expects no HTTP: whatever the answer is, no request follows.
        if let refusal = ServerUpgrade.refusal(request) { return write(refusal, head, mustClose: true) }
        switch routes.upgrade(request) {
        case .reject(let response): write(response, head, mustClose: true)
        case .accept(let subprotocol, let headers, let makeDelegate):
            let accepted = ServerUpgrade.accept(
                request, subprotocol: subprotocol, headers: headers, compression: configuration.webSocket.compression)
            becomeWebSocket(accepted, makeDelegate)
        }
    }

    private func respond(to request: HTTPRequest, _ head: HTTPRequestHead) {
        let promise = loop.eventLoop.makePromise(of: HTTPResponse.self)
        let respond = routes.respond
        let mustClose = head.headers.contains(name: "upgrade")
        promise.futureResult.assumeIsolated().whenSuccess { self.write($0, head, mustClose: mustClose) }
        promise.completeWithTask { await respond(request) }
    }

    private func refuse(_ status: Int) {
        phase = .responding
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        write(HTTPResponse(status: status), head, mustClose: true)
    }

    // MARK: - Responses

    private func write(_ response: HTTPResponse, _ request: HTTPRequestHead, mustClose: Bool) {
        guard case .responding = phase, let context else { return }
        let closes = mustClose || loop.isDraining || !request.isKeepAlive
        var head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
            headers: HTTPHeaders(response.headers.wellFormed))
        if closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
        switch response.body {
        case .bytes(let body):
            if response.status != 204, response.status != 304 {
                head.headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
            }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
            responseEnded(closes: closes)
        case .stream(let produce):
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            stream(produce, closes: closes)
        case .eventStream(let makeDelegate): becomeEventStream(head, makeDelegate)
        }
    }

    private func stream(_ produce: @escaping @Sendable (HTTPBodyWriter) async throws -> Void, closes: Bool) {
        guard let channel = context?.channel else { return }
        let promise = loop.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            if case .success = result { self.responseEnded(closes: closes) } else { self.context?.close(promise: nil) }
        }
        response = promise.completeWithTask { try await produce(HTTPBodyWriter(channel: channel)) }
    }

    private func responseEnded(closes: Bool) {
        guard case .responding = phase, let context else { return }
        response = nil
        let mustClose = closes || loop.isDraining
        phase = mustClose ? .closing : .idle
        deadline = .now() + TimeAmount(mustClose ? .seconds(1) : configuration.idleTimeout)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Half a close first, so that unread input does not reset the connection under our answer.
        if mustClose { context.close(mode: .output, promise: nil) }
    }

    // MARK: - Leaving HTTP

    private func becomeWebSocket(
        _ accepted: ServerUpgrade.Accepted, _ makeDelegate: @Sendable (any EventLoop) -> any WebSocketServerDelegate
    ) {
        let head = HTTPResponseHead(
            version: .http1_1, status: .switchingProtocols, headers: HTTPHeaders(accepted.headers.wellFormed))
        let peer = WebSocketPeer(
            configuration.webSocket, upgrade: accepted, loop: loop, delegate: makeDelegate(loop.eventLoop))
        become(peer, head)
    }

    private func becomeEventStream(
        _ head: HTTPResponseHead, _ makeDelegate: @Sendable (any EventLoop) -> any EventStreamDelegate
    ) {
        var head = head
        head.headers.replaceOrAdd(name: "connection", value: "close")
        let limits = StreamPeer.Limits(
            highWatermarkBytes: configuration.webSocket.highWatermarkBytes,
            maximumUnwrittenBytes: configuration.webSocket.maximumUnwrittenBytes)
        become(EventStreamPeer(loop: loop, limits: limits, delegate: makeDelegate(loop.eventLoop)), head)
    }

    /// Writes the head behind the encoder's back, puts `successor` in this handler's place and takes HTTP away.
    private func become(_ successor: some ChannelInboundHandler, _ head: HTTPResponseHead) {
        guard let context else { return }
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(companions.pipelining, promise: nil)
        pipeline.removeHandler(companions.encoder, promise: nil)
        context.writeAndFlush(NIOAny(head.serialized), promise: nil)
        do {
            try pipeline.addHandler(successor)
        } catch {
            context.close(promise: nil)
            return
        }
        let decoder = companions.decoder
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(decoder, promise: nil)
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        phase = .left
        response?.cancel()
        loop.remove(self)
    }
}

extension HTTPServerHandler: ServerConnection {
    func sweep(_ now: NIODeadline) {
        if now >= deadline { context?.close(promise: nil) }
    }

    func drain(_ code: CloseCode, _ text: String) {
        switch phase {
        case .idle, .receiving: context?.close(promise: nil)
        case .responding, .closing, .left: break
        }
    }

    func abort() { context?.close(promise: nil) }
}

extension HTTPFields {
    /// Without fields that would break the head apart.
    fileprivate var wellFormed: [(String, String)] {
        all.filter { field in
            !field.name.isEmpty && !(field.name + field.value).utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
        }
        .map { ($0.name, $0.value) }
    }
}

extension HTTPResponseHead {
    /// As it goes on the wire.
    fileprivate var serialized: ByteBuffer {
        var buffer = ByteBuffer(string: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
        for (name, value) in headers { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeString("\r\n")
        return buffer
    }
}
