package import WebSocketTransport

/// Misbehaviour on command: what goes wrong on which connection, and when. The same script and the same client give the
/// same faults.
package struct FaultScript: Sendable, Hashable {
    package var faults: [Fault]

    package init(_ faults: [Fault] = []) { self.faults = faults }
}

/// One thing that goes wrong, once on each connection it applies to.
package struct Fault: Sendable, Hashable {
    /// Which connections; they are numbered from 1 in the order of their upgrade requests, refused ones included.
    package enum Connections: Sendable, Hashable {
        case all
        case number(Int)
        case from(Int)
        case upTo(Int)
        /// Those that come within this time from the first one on.
        case within(Duration)
    }

    package enum Trigger: Sendable, Hashable {
        /// The upgrade request is answered, or the connection just opened.
        case opened
        /// The client subscribed; nothing was answered yet.
        case subscribed
        /// So many live messages were sent on the connection.
        case messages(Int)
        /// So much time has passed since the connection opened.
        case elapsed(Duration)
        /// The message with this number is next; once for all connections.
        case sequence(Int64)
    }

    package enum Action: Sendable, Hashable {
        /// The upgrade is answered with a status; only with `.opened`.
        case refuse(status: Int, retryAfter: Duration?)
        /// The TCP connection ends without a close frame: with a FIN behind what was sent, or with a reset.
        case drop(withReset: Bool)
        /// Nothing is sent for so long, not even heartbeats, and requests are not heard. Half-open, nothing is read either:
        /// protocol pings and close frames go unanswered, as from a host that lost its power.
        case silence(Duration, isHalfOpen: Bool)
        /// So many numbers are left out; they can be had by resuming.
        case skip(Int)
        /// The last so many messages are sent again.
        case duplicate(Int)
        /// A text frame that is no JSON.
        case garbage
        /// A text frame of exactly these bytes.
        case frame(String)
        /// The next messages are damaged in these ways, one each, alone in their frames or between good ones in an array.
        case damage([MessageDamage], isInArray: Bool)
        /// A text frame of so many bytes.
        case oversized(bytes: Int)
        /// A compressed frame that inflates to so many bytes. Only where permessage-deflate was agreed on.
        case compressionBomb(bytes: Int)
        /// From now on, for so long, only so many bytes a second leave.
        case slow(bytesPerSecond: Int, for: Duration)
        case close(CloseCode, reason: String)
        /// An error message, then a close.
        case error(code: String, message: String, CloseCode)
    }

    package var connections: Connections
    package var trigger: Trigger
    package var action: Action

    package init(on connections: Connections = .all, when trigger: Trigger, _ action: Action) {
        self.connections = connections
        self.trigger = trigger
        self.action = action
    }
}
