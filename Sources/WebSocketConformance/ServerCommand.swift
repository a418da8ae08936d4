import ArgumentParser
import NIOCore
import WebSocketTransport

/// Serves echoes until it is killed.
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Listens on a port of 127.0.0.1 and prints its URL.")

    @Option(help: "The port; 0 takes a free one.")
    var port = 0

    func run() async throws {
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port)
        configuration.webSocket.maximumMessageBytes = EchoLimits.messageBytes
        configuration.webSocket.maximumUnwrittenBytes = EchoLimits.unwrittenBytes
        configuration.webSocket.pingInterval = EchoLimits.pingInterval
        configuration.webSocket.compression = .withContextTakeover
        let routes = HTTPRoutes(upgrade: { _ in .accept(delegate: { _ in EchoDelegate() }) })
        let address = try await HTTPServer(configuration: configuration, routes: routes).start()
        try StandardOutput.line("ws://\(address)")
        try await Task.sleep(for: .seconds(86_400))
    }
}

/// Sends back what it is given.
private final class EchoDelegate: WebSocketServerDelegate {
    func opened(_ peer: WebSocketPeer) {}
    func received(text: ByteBuffer, from peer: WebSocketPeer) { peer.write(text: text) }
    func received(binary: ByteBuffer, from peer: WebSocketPeer) { peer.write(binary: binary) }
    func writabilityChanged(_ peer: WebSocketPeer) {}
    func closed(_ peer: WebSocketPeer, reason: CloseReason) {}
}
