import Synchronization

/// Something that can be asked to finish what it has in hand and end.
package protocol Stoppable: Sendable {
    func request()
}

/// Set once, when whoever looks at it is to stop.
package final class StopFlag: Stoppable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isRequested: Bool { flag.load(ordering: .relaxed) }

    package func request() { flag.store(true, ordering: .relaxed) }
}
