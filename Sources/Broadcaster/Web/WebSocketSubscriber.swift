import FeedModel
import NIOCore
import WebSocketTransport

/// A WebSocket as a hub writes to it.
private final class WebSocketOutlet: Outlet {
    private let peer: WebSocketPeer
    let form: WireForm

    init(_ peer: WebSocketPeer, compressor: CompressedFrames) {
        self.peer = peer
        form = peer.acceptsCompressedFrames ? .compressedFrames(compressor) : .frames
    }

    var connection: AnyObject { peer }
    var isWritable: Bool { peer.isWritable }
    var unwrittenBytes: Int { peer.unwrittenBytes }

    func write(_ bytes: ByteBuffer, isUrgent: Bool) { peer.write(preframed: bytes, isUrgent: isUrgent) }
    func writeAtOnce(_ bytes: ByteBuffer) { peer.writeAtOnce(preframed: bytes) }

    func close(_ code: CloseCode, reason: String) {
        peer.close(code: code, reason: reason, discardingQueue: code == .tooSlow)
    }
}

/// One subscriber over WebSocket: its messages are commands. On its event loop only.
final class WebSocketSubscriber: WebSocketServerDelegate {
    private let hub: Hub
    private let gate: SubscriberGate
    private let name: String
    /// Nil until the client has said who it is.
    private var grant: AccessGrant?
    private let heartbeat: Duration
    private var subscriber: Subscriber?

    init(hub: Hub, gate: SubscriberGate, grant: AccessGrant?, heartbeat: Duration) {
        self.hub = hub
        self.gate = gate
        self.grant = grant
        self.heartbeat = heartbeat
        name = gate.nextConnectionName()
    }

    func opened(_ peer: WebSocketPeer) {
        let now = gate.clock.now
        let subscriber = Subscriber(
            name: name, outlet: WebSocketOutlet(peer, compressor: hub.compressor), grant: grant, limits: hub.limits,
            heartbeatInterval: heartbeat, now: now.monotonic)
        self.subscriber = subscriber
        hub.opened(subscriber, now: now)
    }

    func received(text: ByteBuffer, from peer: WebSocketPeer) {
        guard let subscriber, !subscriber.isClosed else { return }
        let now = gate.clock.now
        let isWithinLimit = grant.map { gate.admission.takeCommand($0, at: now.monotonic) } ?? true
        guard subscriber.commands.take(at: now.monotonic), isWithinLimit else {
            return hub.close(subscriber, .commandsTooFast, "commands too fast")
        }
        let command: ClientCommand
        do { command = try ClientCommand(decoding: [UInt8](text.readableBytesView)) } catch {
            let why = (error as? ClientCommand.Malformed)?.why ?? "not a command"
            return hub.closeMalformed(subscriber, why)
        }
        if case .authenticate(let token) = command, !subscriber.isAuthenticated {
            return authenticate(subscriber, token, now: now)
        }
        guard subscriber.isAuthenticated else {
            return hub.close(subscriber, .authenticationFailed, "the first message must be auth")
        }
        hub.received(command, from: subscriber, now: now)
    }

    private func authenticate(_ subscriber: Subscriber, _ token: String, now: Moment) {
        let grant: AccessGrant
        switch gate.authenticator.judge(token: token, at: now) {
        case .allowed(let known): grant = known
        case .missing: return hub.close(subscriber, .authenticationFailed, "credentials are required")
        case .refused(let why): return hub.close(subscriber, .authenticationFailed, why)
        }
        guard !grant.allowsNothing(of: hub.names) else {
            return hub.close(subscriber, .notAllowed, "this key may see nothing here")
        }
        guard gate.admission.identify(grant, at: now.monotonic) else {
            return hub.close(subscriber, .tooManyConnections, "too many connections")
        }
        self.grant = grant
        subscriber.authenticate(grant, deadline: now.monotonic + hub.limits.authentication)
        hub.greet(subscriber, now: now)
    }

    func received(binary: ByteBuffer, from peer: WebSocketPeer) {
        guard let subscriber else { return }
        hub.closeMalformed(subscriber, "commands are text")
    }

    func writabilityChanged(_ peer: WebSocketPeer) {
        guard let subscriber else { return }
        hub.writabilityChanged(subscriber, now: gate.clock.now)
    }

    func closed(_ peer: WebSocketPeer, reason: CloseReason) {
        gate.admission.release(grant)
        guard let subscriber else { return }
        hub.closed(subscriber)
        self.subscriber = nil
    }
}

extension Hub {
    /// A command that cannot be understood: said once, then the connection ends.
    func closeMalformed(_ subscriber: Subscriber, _ why: String) {
        json.removeAll()
        json.refusal(CommandRefusal("malformed", why), id: nil)
        subscriber.outlet.write(json)
        close(subscriber, .malformedCommand, "malformed command")
    }

    /// The connection takes more, or no more.
    func writabilityChanged(_ subscriber: Subscriber, now: Moment) {
        guard !subscriber.isClosed else { return }
        guard subscriber.outlet.isWritable else { return block(subscriber, now: now) }
        subscriber.blockedSince = nil
        blocked[ObjectIdentifier(subscriber)] = nil
        if pump(subscriber, now: now) { onMoreToWrite() }
    }
}
