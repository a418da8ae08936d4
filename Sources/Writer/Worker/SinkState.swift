import Synchronization
import Telemetry

/// How a worker's sink is doing: written by its committer, read by the task that fills the next batch.
final class SinkState: Sendable {
    private struct State {
        var isBusy = false
        var isAway = false
    }

    private let state = Mutex(State())
    private let health: HealthRegistry
    private let component: String

    init(health: HealthRegistry, component: String) {
        self.health = health
        self.component = component
    }

    /// A batch is being committed.
    var isBusy: Bool { state.withLock { $0.isBusy } }

    /// Postgres does not take what it is given: nothing more is read or claimed.
    var isAway: Bool { state.withLock { $0.isAway } }

    func began() { state.withLock { $0.isBusy = true } }

    func ended() { state.withLock { $0.isBusy = false } }

    func failed(_ why: String) {
        state.withLock { $0.isAway = true }
        health.report(component, .down(why))
    }

    func recovered() {
        let wasAway = state.withLock { state in
            defer { state.isAway = false }
            return state.isAway
        }
        if wasAway { health.report(component, .up) }
    }

    func opened() { health.report(component, .up) }
}
