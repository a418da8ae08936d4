import NIOCore
import NIOPosix
import Synchronization

@testable import WebSocketTransport

/// A delegate made of closures, which records what it is told.
final class ScriptedDelegate: WebSocketServerDelegate {
    struct Script: Sendable {
        var opened: @Sendable (WebSocketPeer) -> Void = { _ in }
        var text: @Sendable (ByteBuffer, WebSocketPeer) -> Void = { $1.write(text: $0) }
        var binary: @Sendable (ByteBuffer, WebSocketPeer) -> Void = { $1.write(binary: $0) }
        var writability: @Sendable (WebSocketPeer) -> Void = { _ in }
        var closed: @Sendable (CloseReason) -> Void = { _ in }
    }

    private let script: Script

    init(_ script: Script) { self.script = script }

    func opened(_ peer: WebSocketPeer) { script.opened(peer) }
    func received(text: ByteBuffer, from peer: WebSocketPeer) { script.text(text, peer) }
    func received(binary: ByteBuffer, from peer: WebSocketPeer) { script.binary(binary, peer) }
    func writabilityChanged(_ peer: WebSocketPeer) { script.writability(peer) }
    func closed(_ peer: WebSocketPeer, reason: CloseReason) { script.closed(reason) }
}

extension HTTPRoutes {
    /// Accepts every upgrade.
    static func scripted(_ script: ScriptedDelegate.Script = ScriptedDelegate.Script()) -> HTTPRoutes {
        HTTPRoutes(upgrade: { _ in .accept(delegate: { _ in ScriptedDelegate(script) }) })
    }
}

/// Runs a server on a free port for as long as `body` takes.
func withServer(
    _ routes: HTTPRoutes = .scripted(), _ change: (inout HTTPServerConfiguration) -> Void = { _ in },
    body: (ListeningAddress) async throws -> Void
) async throws {
    var configuration = HTTPServerConfiguration()
    change(&configuration)
    let server = HTTPServer(configuration: configuration, routes: routes)
    let address = try await server.start()
    do {
        try await body(address)
        await server.stop(grace: .milliseconds(500))
    } catch {
        await server.stop(grace: .milliseconds(500))
        throw error
    }
}

func connect(
    _ address: ListeningAddress, _ change: (inout WebSocketClientConfiguration) -> Void = { _ in }
) async throws -> WebSocketConnection {
    var configuration = WebSocketClientConfiguration(url: "ws://\(address)/")
    change(&configuration)
    return try await WebSocketConnection.connect(configuration)
}

extension WebSocketConnection {
    /// Takes messages until there are `count`, or the connection ends.
    func texts(_ count: Int) async throws -> [String] {
        var texts: [String] = []
        while texts.count < count, let batch = try await next() {
            batch.forEachMessage { message, _ in texts.append(String(decoding: message, as: UTF8.self)) }
        }
        return texts
    }

    /// Takes what comes until the end; why it ended.
    func drained() async throws -> CloseReason? {
        while try await next() != nil {}
        return closeReason
    }
}

/// What event loops tell and a test waits for.
final class Recorder<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Value.self) }

    func record(_ value: Value) { continuation.yield(value) }

    func first() async -> Value? { await stream.first { _ in true } }
}

/// A server that speaks no HTTP of ours: it answers each connection with fixed bytes, once the request is complete.
func withRawServer(
    answering answer: [UInt8], closing: Bool = false, body: (ListeningAddress) async throws -> Void
) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(AnsweringHandler(answer, closing: closing))
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

private final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: [UInt8]
    private let closing: Bool
    private var received = ""

    init(_ answer: [UInt8], closing: Bool) {
        self.answer = answer
        self.closing = closing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !received.contains("\r\n\r\n") else { return }
        received += String(buffer: unwrapInboundIn(data))
        guard received.contains("\r\n\r\n") else { return }
        let key = received.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
        let text = String(decoding: answer, as: UTF8.self)
        // A placeholder in the answer becomes the right accept key; other answers go out byte for byte.
        let bytes =
            text.contains("{accept}")
            ? Array(text.replacing("{accept}", with: HandshakeKey.accept(for: String(key))).utf8) : answer
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        if closing { context.close(promise: nil) }
    }
}

/// A client that writes bytes and reads until the server closes or `isEnough`.
func exchange(
    _ address: ListeningAddress, _ request: String,
    until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }
) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: address.host, port: address.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        if !request.isEmpty { try await outbound.write(ByteBuffer(string: request)) }
        var received = ""
        for try await part in inbound {
            received += String(buffer: part)
            if isEnough(received) { break }
        }
        return received
    }
}
