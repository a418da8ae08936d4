/// One end of an open WebSocket: decoding, automatic answers and the close handshake, as a state machine without I/O.
///
/// Its owner feeds it what arrives, performs the actions it returns, and tells it when the transport is gone.
struct WebSocketSession {
    /// What the owner does next.
    enum Action: Sendable, Hashable {
        case sendPong([UInt8])
        /// A pong arrived.
        case notePong
        /// Send a close frame with this payload, then await the other end's answer or `closeTimeout`.
        case sendClose([UInt8])
        /// Send a close frame with this payload, then close the transport.
        case sendCloseAndFinish([UInt8])
        /// Close the transport: the handshake is complete.
        case finish
    }

    private enum Phase {
        case open
        /// Our close frame is out; messages may still come.
        case closeSent(CloseReason)
        /// Nothing that arrives matters any more.
        case ended(CloseReason)
    }

    private var decoder: FrameDecoder
    private var phase = Phase.open

    init(decoder: FrameDecoder) { self.decoder = decoder }

    /// Whether messages may be sent.
    var isOpen: Bool {
        if case .open = phase { true } else { false }
    }

    /// Whether the end of the transport is awaited, and nothing else.
    var isEnded: Bool {
        if case .ended = phase { true } else { false }
    }

    /// Decodes `input` from `offset` into `batch` until something has to be done; nil when all is consumed.
    mutating func received(
        _ input: UnsafeRawBufferPointer, from offset: inout Int, into batch: inout MessageBatch
    ) -> Action? {
        while true {
            switch decoder.decode(input, from: &offset, into: &batch) {
            case .exhausted: return nil
            case .ping(let payload):
                if isOpen { return .sendPong(payload) }
            case .pong: return .notePong
            case .close(let reason): return closeReceived(reason)
            case .violation(let violation): return fail(violation)
            }
        }
    }

    /// This end wants to close; nil when that is already under way.
    mutating func closeRequested(_ code: CloseCode, _ text: String) -> Action? {
        guard case .open = phase else { return nil }
        phase = .closeSent(CloseReason(code: code, text: text))
        return .sendClose(ClosePayload.encode(code, text))
    }

    /// The transport is gone, `text` says how if it was not orderly. Returns why the connection ended.
    mutating func transportClosed(_ text: String = "") -> CloseReason {
        let reason =
            switch phase {
            case .open: CloseReason(code: .abnormal, text: text, isFromPeer: true)
            case .closeSent(let reason), .ended(let reason): reason
            }
        phase = .ended(reason)
        return reason
    }

    private mutating func closeReceived(_ reason: CloseReason?) -> Action? {
        switch phase {
        case .open:
            let reason = reason ?? CloseReason(code: .noStatus, isFromPeer: true)
            phase = .ended(reason)
            return .sendCloseAndFinish(ClosePayload.encode(reason.code, ""))
        case .closeSent(let ours):
            phase = .ended(ours)
            return .finish
        case .ended: return nil
        }
    }

    private mutating func fail(_ violation: ProtocolViolation) -> Action? {
        switch phase {
        case .open:
            phase = .ended(CloseReason(code: violation.code, text: violation.text))
            return .sendCloseAndFinish(ClosePayload.encode(violation.code, violation.text))
        case .closeSent(let reason):
            phase = .ended(reason)
            return .finish
        case .ended: return nil
        }
    }
}
