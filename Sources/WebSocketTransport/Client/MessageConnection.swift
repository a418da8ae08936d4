/// An open client connection, whatever carries its messages: what arrives is taken in batches, what is sent is flushed at
/// once. One task calls `next`; everything else may be called from anywhere.
package protocol MessageConnection: AnyObject, Sendable {
    /// Why the connection ended; nil while it is open.
    var closeReason: CloseReason? { get }

    /// Everything that arrived since the last call; nil when the connection has ended and all of it was taken.
    ///
    /// `spent` is a batch whose contents are done with; its memory is used again.
    func next(reusing spent: consuming MessageBatch) async throws(CancellationError) -> MessageBatch?

    /// Returns when the kernel has taken the message.
    func send(text: String) async throws(WebSocketError)

    /// Makes the call of `next` that waits, or the next one, return with an empty batch: something is due by the clock.
    func wake()

    /// Says goodbye as the transport does, and closes the socket.
    func close(code: CloseCode, reason: String) async
}

extension WebSocketConnection: MessageConnection {}
