package import NIOCore

/// What a WebSocket connection tells its owner; every call is on the peer's event loop.
///
/// After `closed` nothing is called any more, and the peer lets go of its delegate.
package protocol WebSocketServerDelegate: AnyObject {
    /// First call: the upgrade is done and the peer can be written to.
    func opened(_ peer: WebSocketPeer)
    /// A whole message, valid UTF-8.
    func received(text: ByteBuffer, from peer: WebSocketPeer)
    func received(binary: ByteBuffer, from peer: WebSocketPeer)
    func writabilityChanged(_ peer: WebSocketPeer)
    /// Last call. The code is 1006 when the connection ended without a close frame.
    func closed(_ peer: WebSocketPeer, reason: CloseReason)
}

/// What an event stream tells its owner; every call is on the peer's event loop.
package protocol EventStreamDelegate: AnyObject {
    /// First call: the response head is written.
    func opened(_ peer: EventStreamPeer)
    func writabilityChanged(_ peer: EventStreamPeer)
    /// Last call.
    func closed(_ peer: EventStreamPeer)
}
