import CLibPQ
import Glibc
import Synchronization

/// Cancels what a connection is doing, from outside its thread.
///
/// The request opens a connection of its own and may take as long as that takes, so it runs on a thread made for it.
package final class PostgresCanceller: Sendable {
    private struct State {
        var request: CancelRequest?
        var wasAsked = false
    }

    /// Held while a request is under way.
    private let state = Mutex(State())
    /// The number of the session that runs, 0 between sessions. Beside the lock, because who cancels must not wait for it.
    private let running = Atomic<Int>(0)
    private let sessionsBegun = Atomic<Int>(0)

    init() {}

    /// Asks the server to stop what the session that is running now is doing. Returns at once; without a session it does
    /// nothing, and a later one is never hit.
    package func cancel() {
        cancel(session: running.load(ordering: .acquiring))
    }

    func cancel(session: Int) {
        guard session != 0 else { return }
        let order = Unmanaged.passRetained(CancelOrder(canceller: self, session: session))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let order = Unmanaged<CancelOrder>.fromOpaque(argument).takeRetainedValue()
                order.canceller.perform(session: order.session)
                return nil
            }, order.toOpaque())
        if status == 0 { pthread_detach(thread) } else { order.release() }
    }

    /// Whether the running session was cancelled from here.
    var wasAsked: Bool { state.withLock { $0.wasAsked } }

    /// When `sessionEnded` gets the lock, the server has taken note of the request, and no later statement can be hit by it.
    private func perform(session: Int) {
        state.withLock { state in
            guard running.load(ordering: .acquiring) == session, let request = state.request else { return }
            state.wasAsked = true
            request.send()
        }
    }

    func arm(_ handle: OpaquePointer?) {
        state.withLock { $0.request = handle.map { CancelRequest($0) } }
    }

    func disarm() {
        state.withLock { $0.request = nil }
    }

    /// A number for a session that is going to begin.
    func nextSession() -> Int { sessionsBegun.add(1, ordering: .relaxed).newValue }

    func sessionBegan(_ session: Int) {
        state.withLock { $0.wasAsked = false }
        running.store(session, ordering: .releasing)
    }

    func sessionEnded() {
        state.withLock { _ in running.store(0, ordering: .releasing) }
    }
}

/// What the thread that cancels is to do.
private final class CancelOrder: Sendable {
    let canceller: PostgresCanceller
    let session: Int

    init(canceller: PostgresCanceller, session: Int) {
        self.canceller = canceller
        self.session = session
    }
}

/// libpq's copy of what is needed to cancel: freed with its last reference.
///
/// `@unchecked Sendable`: never mutated after `init`; `PQcancel` is documented to be safe from any thread, and all calls come
/// from inside the canceller's lock.
private final class CancelRequest: @unchecked Sendable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { PQfreeCancel(handle) }

    func send() {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
            // What went wrong with it shows as a statement that was not cancelled.
            _ = PQcancel(handle, message.baseAddress, Int32(message.count))
        }
    }
}
