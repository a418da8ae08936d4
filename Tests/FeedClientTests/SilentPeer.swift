import NIOCore
import WebSocketTransport

/// A provider that accepts every connection and says nothing.
final class SilentPeer: WebSocketServerDelegate {
    func opened(_ peer: WebSocketPeer) {}
    func received(text: ByteBuffer, from peer: WebSocketPeer) {}
    func received(binary: ByteBuffer, from peer: WebSocketPeer) {}
    func writabilityChanged(_ peer: WebSocketPeer) {}
    func closed(_ peer: WebSocketPeer, reason: CloseReason) {}
}
