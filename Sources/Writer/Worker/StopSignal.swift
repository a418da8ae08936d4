import Supervision
import Synchronization

/// Says that the stage is to finish what it has in hand and end, and wakes whoever is waiting for better times.
final class StopSignal: Stoppable {
    private struct State {
        var isRequested = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
    }

    private let state = Mutex(State())

    var isRequested: Bool { state.withLock { $0.isRequested } }

    func request() {
        let waiters = state.withLock { state in
            state.isRequested = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Until the stop is requested, or the task is cancelled.
    func wait() async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // A cancellation that came before this finds no waiter to wake, but shows here.
                    if state.isRequested || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// Sleeps, but not beyond the stop.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    func pause(for duration: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await Task.sleep(for: duration) }
            tasks.addTask { await self.wait() }
            try await tasks.next()
            tasks.cancelAll()
        }
        try Task.checkCancellation()
    }
}
