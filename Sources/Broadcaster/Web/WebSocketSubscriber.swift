import FeedModel
import NIOCore
import WebSocketTransport

/// A WebSocket as a hub writes to it.
private final class WebSocketOutlet: Outlet {
    private let peer: WebSocketPeer

    init(_ peer: WebSocketPeer) { self.peer = peer }

    var isWritable: Bool { peer.isWritable }
    var unwrittenBytes: Int { peer.unwrittenBytes }

    func write(shared frames: ByteBuffer, isUrgent: Bool) { peer.write(preframed: frames, isUrgent: isUrgent) }

    func write(message pieces: [ByteBuffer], cursor: String?) {
        guard var message = pieces.first else { return }
        if pieces.count > 1 {
            message.reserveCapacity(minimumWritableBytes: pieces.dropFirst().reduce(0) { $0 + $1.readableBytes })
            for piece in pieces.dropFirst() { message.writeImmutableBuffer(piece) }
        }
        peer.write(text: message)
    }

    func close(_ code: CloseCode, reason: String) {
        peer.close(code: code, reason: reason, discardingQueue: code == .tooSlow)
    }
}

/// One subscriber over WebSocket: its messages are commands. On its event loop only.
final class WebSocketSubscriber: WebSocketServerDelegate {
    private let hub: Hub
    private let gate: SubscriberGate
    private let name: String
    private var key: Int?
    private let isAuthenticated: Bool
    private let heartbeat: Duration
    private var subscriber: Subscriber?

    init(hub: Hub, gate: SubscriberGate, key: Int?, isAuthenticated: Bool, heartbeat: Duration) {
        self.hub = hub
        self.gate = gate
        self.key = key
        self.isAuthenticated = isAuthenticated
        self.heartbeat = heartbeat
        name = gate.nextConnectionName()
    }

    func opened(_ peer: WebSocketPeer) {
        let now = gate.clock.now
        let subscriber = Subscriber(
            name: name, outlet: WebSocketOutlet(peer), isAuthenticated: isAuthenticated, limits: hub.limits,
            heartbeatInterval: heartbeat, now: now.monotonic)
        self.subscriber = subscriber
        hub.opened(subscriber, now: now)
    }

    func received(text: ByteBuffer, from peer: WebSocketPeer) {
        guard let subscriber, !subscriber.isClosed else { return }
        let now = gate.clock.now
        guard subscriber.commands.take(at: now.monotonic) else {
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
        guard case .allowed(let key) = gate.authentication.judge(token: token) else {
            return hub.close(subscriber, .authenticationFailed, "unknown token")
        }
        guard gate.admission.identify(key: key) else {
            return hub.close(subscriber, .tooManyConnections, "too many connections")
        }
        self.key = key
        subscriber.isAuthenticated = true
        subscriber.deadline = now.monotonic + hub.limits.authentication
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
        gate.admission.release(key: key)
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
