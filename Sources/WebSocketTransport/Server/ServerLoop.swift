import NIOCore

/// A connection that a server loop keeps an eye on.
protocol ServerConnection: AnyObject {
    /// Its place among the loop's connections; the loop's own business.
    var slot: Int { get set }
    /// Called about once a second: time to ping, or to give up on something.
    func sweep(_ now: NIODeadline)
    /// The server stops: finish what is under way and close.
    func drain(_ code: CloseCode, _ text: String)
    /// Close at once.
    func abort()
}

/// What a server's connections on one event loop share: one timer, one buffer, and one flush for a whole turn.
///
/// Bound to `eventLoop`. A timer per connection would cost more memory than the connection's own state.
final class ServerLoop {
    let eventLoop: any EventLoop
    /// Frames that leave together are gathered here; reused for as long as the sockets take them at once.
    var gathered = ByteBuffer()
    /// Nothing stands between peers and their sockets, such as TLS.
    let ownsSockets: Bool
    private let sweepInterval: TimeAmount
    private var connections: [any ServerConnection] = []
    private var written: [StreamPeer] = []
    private var sweeper: Scheduled<Void>?
    private var drained: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, sweepInterval: TimeAmount, ownsSockets: Bool) {
        self.eventLoop = eventLoop
        self.ownsSockets = ownsSockets
        self.sweepInterval = sweepInterval
    }

    var connectionCount: Int { connections.count }

    /// Whether the server has been told to stop.
    var isDraining: Bool { drained != nil }

    func add(_ connection: any ServerConnection) {
        connection.slot = connections.count
        connections.append(connection)
        if sweeper == nil { armSweeper() }
    }

    func remove(_ connection: any ServerConnection) {
        let slot = connection.slot
        guard connections.indices.contains(slot), connections[slot] === connection else { return }
        connections.swapAt(slot, connections.count - 1)
        connections.removeLast()
        if slot < connections.count { connections[slot].slot = slot }
        guard connections.isEmpty else { return }
        sweeper?.cancel()
        sweeper = nil
        drained?.succeed()
    }

    /// The peer has something to send when the turn ends.
    func hasWritten(_ peer: StreamPeer) {
        written.append(peer)
        guard written.count == 1 else { return }
        eventLoop.assumeIsolated().execute { [weak self] in self?.endTurn() }
    }

    /// Tells every connection to finish; the future is done when none is left.
    func drain(_ code: CloseCode, _ text: String) -> EventLoopFuture<Void> {
        let promise = drained ?? eventLoop.makePromise()
        drained = promise
        for connection in connections { connection.drain(code, text) }
        if connections.isEmpty { promise.succeed() }
        return promise.futureResult
    }

    func abortAll() {
        for connection in connections { connection.abort() }
    }

    private func armSweeper() {
        sweeper = eventLoop.assumeIsolated().scheduleTask(in: sweepInterval) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        armSweeper()
        let now = NIODeadline.now()
        for connection in connections { connection.sweep(now) }
    }

    private func endTurn() {
        // Delegates may write again while this runs: that begins the next turn.
        var peers: [StreamPeer] = []
        swap(&peers, &written)
        for peer in peers { peer.endTurn() }
        peers.removeAll(keepingCapacity: true)
        if written.isEmpty { swap(&peers, &written) }
    }
}
