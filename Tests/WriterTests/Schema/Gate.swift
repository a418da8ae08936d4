import Foundation

/// Lets a test stop a closure that runs on a connection's own thread, which may block.
final class Gate: Sendable {
    private let isOpen = DispatchSemaphore(value: 0)
    private let isClosed = DispatchSemaphore(value: 0)

    func open() { isOpen.signal() }
    func close() { isClosed.signal() }
    func waitUntilClosed() { isClosed.wait() }

    /// Waits on a thread of its own, because the pool's may not block.
    func opened() async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                self.isOpen.wait()
                continuation.resume()
            }
        }
    }
}
