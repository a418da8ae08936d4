import NIOCore

/// Asks a proxy for a tunnel before anything else happens on the connection, then leaves the pipeline.
///
/// The handlers behind it learn that the channel is active when the tunnel stands: TLS and the upgrade begin there.
final class ProxyTunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let maximumHeadBytes = 32 * 1024

    private let request: String
    private var received: [UInt8] = []
    private var isDone = false

    init(_ proxy: HTTPProxy, to url: EndpointURL) {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        let target = "\(host):\(url.port)"
        var lines = ["CONNECT \(target) HTTP/1.1", "Host: \(target)"]
        if let authorization = proxy.authorization { lines.append("Proxy-Authorization: \(authorization)") }
        request = lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        guard let end = ResponseHead.end(in: received) else {
            if received.count > Self.maximumHeadBytes { fail(.proxyRefused(status: nil), context) }
            return
        }
        guard let head = ResponseHead(received[..<end]) else { return fail(.proxyRefused(status: nil), context) }
        guard (200..<300).contains(head.status) else { return fail(.proxyRefused(status: head.status), context) }
        isDone = true
        context.fireChannelActive()
        if end < received.count { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: received[end...]))) }
        received = []
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { fail(.proxyRefused(status: nil), context) }
        context.fireChannelInactive()
    }

    private func fail(_ error: WebSocketError, _ context: ChannelHandlerContext) {
        isDone = true
        context.fireErrorCaught(error)
    }
}
