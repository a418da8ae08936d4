import Synchronization

/// One batch on its way through the event loops.
///
/// Whoever waits for it is woken by the last loop; where there is nothing left to wait for, nobody is woken at all. A future
/// would have to be asked on its loop, which wakes the loop up. The loops must outlive it: one that is shut down does nothing,
/// and says nothing.
final class Handover: Sendable {
    private struct State {
        var loops: Int
        var waiter: UnsafeContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let onEnd: (@Sendable () -> Void)?

    /// - Parameter onEnd: called by the last loop, on it.
    init(loops: Int, onEnd: (@Sendable () -> Void)? = nil) {
        state = Mutex(State(loops: loops))
        self.onEnd = onEnd
    }

    var hasEnded: Bool { state.withLock { $0.loops == 0 } }

    /// To be called by each loop once.
    func loopIsDone() {
        let (isLast, waiter) = state.withLock { state in
            state.loops -= 1
            guard state.loops == 0 else { return (false, nil as UnsafeContinuation<Void, Never>?) }
            return (true, state.waiter.take())
        }
        if isLast { onEnd?() }
        waiter?.resume()
    }

    /// Returns once every loop is done. One task may wait.
    func end() async {
        if hasEnded { return }
        await withUnsafeContinuation { waiter in
            let hasEnded = state.withLock { state in
                if state.loops > 0 { state.waiter = waiter }
                return state.loops == 0
            }
            if hasEnded { waiter.resume() }
        }
    }
}
