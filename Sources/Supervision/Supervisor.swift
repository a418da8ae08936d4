import ServiceLifecycle
import Synchronization

/// Runs a task for each item of a list that may change: new items are started, those that are gone are stopped, changed ones
/// are stopped and started again. The others do not notice.
package final class Supervisor<Item: Identifiable & Equatable & Sendable, Stop: Stoppable>: Sendable
where Item.ID: Sendable {
    private struct Child {
        var item: Item
        var stop: Stop
        /// What is to run under this name; nil when it is gone from the list.
        var wanted: Item?
        var isStopping = false
    }

    private struct State {
        var children: [Item.ID: Child] = [:]
        var isStopped = false
    }

    private let state = Mutex(State())
    private let makeStop: @Sendable () -> Stop

    /// - Parameter makeStop: a stop for one start of one item.
    package init(makeStop: @escaping @Sendable () -> Stop) { self.makeStop = makeStop }

    /// Returns when the list has come to its end and everything has been stopped by `stop()`; throws what `body` throws, which
    /// ends the others.
    ///
    /// - Parameters:
    ///   - changes: whole lists, each in place of the one before.
    ///   - stagger: between the starts of two items.
    ///   - onChange: hears of a new list before it takes effect.
    ///   - body: runs until its stop is requested.
    package func run(
        _ items: [Item], changes: some AsyncSequence<[Item], Never> & Sendable, stagger: Duration = .zero,
        onChange: @Sendable ([Item]) -> Void = { _ in },
        _ body: @escaping @Sendable (Item, Stop) async throws -> Void
    ) async throws {
        // The group's body cannot be cancelled by a child: the child ends what the body waits for.
        let (lists, continuation) = AsyncStream.makeStream(of: [Item].self)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                defer { continuation.finish() }
                for try await changed in changes.cancelOnGracefulShutdown() { continuation.yield(changed) }
            }
            func start(_ items: [Item]) {
                for (index, id) in apply(items).enumerated() {
                    group.addTask {
                        do {
                            try await Task.sleep(for: stagger * index)
                            try await self.supervise(id, body)
                        } catch {
                            continuation.finish()
                            throw error
                        }
                    }
                }
            }
            start(items)
            for await changed in lists {
                onChange(changed)
                start(changed)
            }
        }
    }

    /// Stops every item for good.
    package func stop() {
        let stops = state.withLock { state in
            state.isStopped = true
            return state.children.values.map(\.stop)
        }
        for stop in stops { stop.request() }
    }

    /// Takes a new list; the names that have no task yet.
    private func apply(_ items: [Item]) -> [Item.ID] {
        let (started, stops) = state.withLock { state in
            var started: [Item.ID] = []
            var stops: [Stop] = []
            guard !state.isStopped else { return (started, stops) }
            for item in items {
                guard state.children[item.id] != nil else {
                    state.children[item.id] = Child(item: item, stop: makeStop(), wanted: item)
                    started.append(item.id)
                    continue
                }
                state.children[item.id]?.wanted = item
            }
            let names = Set(items.map(\.id))
            for (id, child) in state.children {
                if !names.contains(id) { state.children[id]?.wanted = nil }
                guard state.children[id]?.wanted != child.item, !child.isStopping else { continue }
                state.children[id]?.isStopping = true
                stops.append(child.stop)
            }
            return (started, stops)
        }
        for stop in stops { stop.request() }
        return started
    }

    private func supervise(
        _ id: Item.ID, _ body: @Sendable (Item, Stop) async throws -> Void
    ) async throws {
        guard var child = state.withLock({ $0.children[id] }) else { return }
        while true {
            try await body(child.item, child.stop)
            guard let next = restarted(id) else { return }
            child = next
        }
    }

    /// What runs next under a name whose task has ended; nil if nothing does.
    private func restarted(_ id: Item.ID) -> Child? {
        state.withLock { state in
            guard !state.isStopped, let child = state.children[id], child.isStopping, let wanted = child.wanted else {
                state.children[id] = nil
                return nil
            }
            let next = Child(item: wanted, stop: makeStop(), wanted: wanted)
            state.children[id] = next
            return next
        }
    }
}
