package import FeedJSON
package import FeedModel

/// The session half of a provider: what is sent to it, and what its frames mean for the session. A pure state machine, one
/// value per connection; prices are the decoder's business.
package protocol ProviderSession: Sendable {
    /// The socket is open.
    mutating func opened() -> [SessionAction]
    /// One text or binary message arrived. `now` is its `received_at`.
    mutating func received(_ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp) -> FrameVerdict
    /// What the provider needs to resume after everything stored so far; empty if it cannot. Never on half a snapshot.
    var resumeToken: [UInt8] { get }
    /// Without any frame for this long the peer counts as dead.
    var deadAfter: Duration { get }
    /// Whether a message that never arrived shows in those that follow, so that the session asks for it itself.
    var noticesLoss: Bool { get }
    /// The kinds of data that arrived since it was last emptied.
    var seen: StreamKinds { get set }
    /// Sent when the connection was quiet for a while, to hear whether the peer lives; nil for none.
    mutating func heartbeat() -> String?
    /// What the provider was asked before the feed can be live, and has not answered; nil if nothing.
    var openQuestion: OpenQuestion? { get }
    /// How often the provider wants to hear the heartbeat, however much it sends itself; nil: only when it was quiet.
    var heartbeatInterval: Duration? { get }
}

extension ProviderSession {
    package var heartbeatInterval: Duration? { nil }

    /// The kinds of data that arrived since the last call.
    mutating func takeSeen() -> StreamKinds {
        defer { seen = [] }
        return seen
    }
}

/// What is to be done with one frame.
package enum FrameVerdict: Sendable {
    /// Store it: what almost every frame gets.
    case store
    /// Already stored: count it and forget it.
    case dropDuplicate
    /// Something happens to the session: `before` the frame is stored (or not), and `after`.
    case act(before: [SessionAction], store: Bool, after: [SessionAction])
}

/// What the session wants done, in order with its frames.
package enum SessionAction: Sendable, Equatable {
    /// Send a text message to the provider.
    case send(String)
    /// Append a control entry.
    case record(ControlEvent)
    /// The session changed its state: a control entry and the gauge.
    case enter(SessionState, why: String)
    /// Append a gap and remember where it stands, so that it can be healed.
    case openGap(ControlEvent.Gap)
    /// What the open gap was missing has arrived.
    case healGap
    /// Close the socket and connect again; `cause` is a metric's label.
    case reconnect(cause: ReconnectCause, why: String)
}

/// Why a connection was given up: the label of `touchline_feed_reconnects_total`.
package enum ReconnectCause: String, Sendable, CaseIterable {
    case connectFailed = "connect_failed"
    /// The session lives, but one kind of data has stopped.
    case stale
    /// The provider does not answer what opens the session.
    case unanswered
    case refused, closed, lost, silence, protocolError = "protocol_error", serverError = "server_error", requested
}
