import NIOCore
import NIOPosix

@testable import WebSocketTransport

/// What a proxy does with a CONNECT.
enum ProxyBehaviour: Sendable {
    /// Connects to this address, whatever was asked for.
    case tunnel(to: ListeningAddress)
    /// Answers with these bytes and hangs up.
    case answer(String)
    case silence
}

/// Runs a tiny HTTP proxy; `requests` is told the head of each request.
func withProxy(
    _ behaviour: ProxyBehaviour, requests: Recorder<String> = Recorder(),
    body: (ListeningAddress) async throws -> Void
) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ConnectProxyHandler(behaviour, requests))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    do {
        try await body(ListeningAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0))
        try await channel.close()
    } catch {
        try? await channel.close()
        throw error
    }
}

/// The client's side of a proxy.
private final class ConnectProxyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let behaviour: ProxyBehaviour
    private let requests: Recorder<String>
    private var head = ""
    private var target: (any Channel)?

    init(_ behaviour: ProxyBehaviour, _ requests: Recorder<String>) {
        self.behaviour = behaviour
        self.requests = requests
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let target { return target.writeAndFlush(bytes, promise: nil) }
        head += String(buffer: bytes)
        guard head.hasSuffix("\r\n\r\n") else { return }
        requests.record(head)
        switch behaviour {
        case .silence: break
        case .answer(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            context.close(promise: nil)
        case .tunnel(let address): open(address, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        target?.close(promise: nil)
        context.fireChannelInactive()
    }

    private func open(_ address: ListeningAddress, _ context: ChannelHandlerContext) {
        let client = context.channel
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ForwardingHandler(to: client))
                }
            }
            .connect(host: address.host, port: address.port)
            .assumeIsolated()
            .whenComplete { result in
                guard case .success(let channel) = result else { return client.close(promise: nil) }
                self.target = channel
                client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"), promise: nil)
            }
    }
}

/// The server's side of a proxy.
private final class ForwardingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(to client: any Channel) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.close(promise: nil)
        context.fireChannelInactive()
    }
}
