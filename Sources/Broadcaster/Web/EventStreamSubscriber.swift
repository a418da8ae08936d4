import FeedModel
import NIOCore
import WebSocketTransport

/// An event stream as a hub writes to it: the same JSON, as Server-Sent Events.
private final class EventStreamOutlet: Outlet {
    private let peer: EventStreamPeer

    init(_ peer: EventStreamPeer) { self.peer = peer }

    var isWritable: Bool { peer.isWritable }
    var unwrittenBytes: Int { peer.unwrittenBytes }

    /// The shared bytes are WebSocket frames: what is inside them is taken over, what is around them left out.
    func write(shared frames: ByteBuffer, isUrgent: Bool) {
        var frames = frames
        while let payload = frames.readServerFramePayload() {
            peer.write(preframed: Self.event([payload], cursor: nil), isUrgent: isUrgent)
        }
    }

    func write(message pieces: [ByteBuffer], cursor: String?) {
        peer.write(preframed: Self.event(pieces, cursor: cursor))
    }

    func close(_ code: CloseCode, reason: String) {
        peer.write(preframed: ByteBuffer(string: "event: close\ndata: {\"code\":\(code.rawValue)}\n\n"))
        peer.close()
    }

    /// One event. JSON as it is written here holds no line breaks.
    private static func event(_ pieces: [ByteBuffer], cursor: String?) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(pieces.reduce(16 + (cursor?.utf8.count ?? 0)) { $0 + $1.readableBytes })
        if let cursor { buffer.writeString("id: \(cursor)\n") }
        buffer.writeString("data: ")
        for piece in pieces { buffer.writeImmutableBuffer(piece) }
        buffer.writeString("\n\n")
        return buffer
    }
}

extension ByteBuffer {
    /// The payload of the unmasked, unfragmented frame at the reader index (RFC 6455 section 5.2); nil at the end.
    fileprivate mutating func readServerFramePayload() -> ByteBuffer? {
        guard let (_, short) = readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
        switch short {
        case 127: return readInteger(as: UInt64.self).flatMap { readSlice(length: Int($0)) }
        case 126: return readInteger(as: UInt16.self).flatMap { readSlice(length: Int($0)) }
        default: return readSlice(length: Int(short))
        }
    }
}

/// One subscriber over Server-Sent Events: one subscription, given by the request. On its event loop only.
final class EventStreamSubscriber: EventStreamDelegate {
    private let hub: Hub
    private let gate: SubscriberGate
    private let grant: AccessGrant
    private let request: Hub.Request
    private let heartbeat: Duration
    private var subscriber: Subscriber?

    init(hub: Hub, gate: SubscriberGate, grant: AccessGrant, request: Hub.Request, heartbeat: Duration) {
        self.hub = hub
        self.gate = gate
        self.grant = grant
        self.request = request
        self.heartbeat = heartbeat
    }

    func opened(_ peer: EventStreamPeer) {
        let now = gate.clock.now
        let subscriber = Subscriber(
            name: gate.nextConnectionName(), outlet: EventStreamOutlet(peer), grant: grant, limits: hub.limits,
            heartbeatInterval: heartbeat, now: now.monotonic)
        self.subscriber = subscriber
        hub.opened(subscriber, now: now)
        hub.subscribe(request, from: subscriber, now: now)
    }

    func writabilityChanged(_ peer: EventStreamPeer) {
        guard let subscriber else { return }
        hub.writabilityChanged(subscriber, now: gate.clock.now)
    }

    func closed(_ peer: EventStreamPeer) {
        gate.admission.release(grant)
        guard let subscriber else { return }
        hub.closed(subscriber)
        self.subscriber = nil
    }
}

extension Hub {
    /// A subscription that was checked before: what is refused now is said on the stream.
    fileprivate func subscribe(_ request: Request, from subscriber: Subscriber, now: Moment) {
        do { try subscribe(request, subscriber) } catch {
            json.removeAll()
            json.refusal(error, id: nil)
            subscriber.outlet.write(json)
        }
        if pump(subscriber, now: now) { onMoreToWrite() }
    }
}
