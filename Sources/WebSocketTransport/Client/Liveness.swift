import NIOCore
import Synchronization

/// When bytes last came in, readable from any thread.
final class Liveness: Sendable {
    private let nanoseconds: Atomic<UInt64>

    init(_ start: NIODeadline) { nanoseconds = Atomic(start.uptimeNanoseconds) }

    func received(_ now: NIODeadline) { nanoseconds.store(now.uptimeNanoseconds, ordering: .relaxed) }

    var lastReceived: NIODeadline { .uptimeNanoseconds(nanoseconds.load(ordering: .relaxed)) }
}
