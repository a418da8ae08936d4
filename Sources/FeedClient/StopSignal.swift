import Supervision
import Synchronization
import WebSocketTransport

/// Tells a feed's pump to stop, and wakes it when it waits for its socket.
final class StopSignal: Stoppable {
    private struct State {
        var isRequested = false
        var connections: [ObjectIdentifier: any MessageConnection] = [:]
    }

    private let state = Mutex(State())

    var isRequested: Bool { state.withLock { $0.isRequested } }

    func request() {
        let connections = state.withLock { state in
            state.isRequested = true
            return Array(state.connections.values)
        }
        for connection in connections { connection.wake() }
    }

    /// Has `connection` woken when the stop is requested, until `forget` is called.
    func watch(_ connection: any MessageConnection) {
        state.withLock { $0.connections[ObjectIdentifier(connection)] = connection }
        if isRequested { connection.wake() }
    }

    func forget(_ connection: any MessageConnection) {
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    /// Wakes every watched connection, so that what is due by the clock is done.
    func tick() {
        for connection in state.withLock({ Array($0.connections.values) }) { connection.wake() }
    }
}
