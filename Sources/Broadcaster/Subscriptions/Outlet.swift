import NIOCore
import WebSocketTransport

/// The sending side of one subscriber's connection. Bound to one event loop.
protocol Outlet: AnyObject {
    /// What its bytes look like.
    var form: WireForm { get }
    /// What is written to.
    var connection: AnyObject { get }
    /// Whether less than the high watermark (64 KiB) is unwritten.
    var isWritable: Bool { get }
    var unwrittenBytes: Int { get }
    /// Queues one or more whole messages in its form, by reference. Urgent ones may overtake what is queued.
    func write(_ bytes: ByteBuffer, isUrgent: Bool)
    /// Gives whole messages in its form to the socket now instead of at the end of the turn, where nothing is queued before
    /// them: cheaper for who is written to once in a turn.
    func writeAtOnce(_ bytes: ByteBuffer)
    /// Ends the connection behind what is queued.
    func close(_ code: CloseCode, reason: String)
}

extension Outlet {
    /// Queues what others are given, too.
    func write(shared: SharedFrames, isUrgent: Bool = false) { write(shared.bytes(form), isUrgent: isUrgent) }

    /// Queues one message that consists of shared pieces. `cursor` is what it says the subscriber has reached.
    func write(message pieces: [ByteBuffer], cursor: String?) {
        write(form.message(pieces, cursor: cursor), isUrgent: false)
    }

    func write(_ message: JSONBytes, cursor: String? = nil) {
        write(message: [ByteBuffer(bytes: message.bytes)], cursor: cursor)
    }
}

/// Close codes of the subscriber protocol.
extension CloseCode {
    static let authenticationFailed: CloseCode = 4001
    static let notAllowed: CloseCode = 4003
    static let tooSlow: CloseCode = 4008
    static let draining: CloseCode = 4010
    static let noPong: CloseCode = 4011
    static let tokenExpired: CloseCode = 4012
    static let silentTooLong: CloseCode = 4013
    static let tooManyConnections: CloseCode = 4029
    static let commandsTooFast: CloseCode = 4030
    static let malformedCommand: CloseCode = 4040
    static let internalFailure: CloseCode = 4050

    static let ofSubscribers: [CloseCode] = [
        .authenticationFailed, .notAllowed, .tooSlow, .draining, .noPong, .tokenExpired, .silentTooLong,
        .tooManyConnections, .commandsTooFast, .malformedCommand, .internalFailure,
    ]
}
