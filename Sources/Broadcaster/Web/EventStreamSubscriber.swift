import FeedModel
import NIOCore
import WebSocketTransport

/// An event stream as a hub writes to it: the same JSON, as Server-Sent Events.
private final class EventStreamOutlet: Outlet {
    private let peer: EventStreamPeer

    init(_ peer: EventStreamPeer) { self.peer = peer }

    var form: WireForm { .events }
    var connection: AnyObject { peer }
    var isWritable: Bool { peer.isWritable }
    var unwrittenBytes: Int { peer.unwrittenBytes }

    func write(_ bytes: ByteBuffer, isUrgent: Bool) { peer.write(preframed: bytes, isUrgent: isUrgent) }
    func writeAtOnce(_ bytes: ByteBuffer) { peer.writeAtOnce(preframed: bytes) }

    func close(_ code: CloseCode, reason: String) {
        peer.write(preframed: EventStreamFormat.close(code))
        peer.close()
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
