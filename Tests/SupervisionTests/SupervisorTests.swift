import Supervision
import Synchronization
import Testing

/// A list of things that run, while it changes.
@Suite(.timeLimit(.minutes(1))) struct SupervisorTests {
    private struct Item: Identifiable, Equatable {
        let id: String
        var version = 1
    }

    /// What was started and ended, in order.
    private final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        func note(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }

        func wait(for line: String, count: Int = 1) async throws {
            while all.count(where: { $0 == line }) < count { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    private func run(
        _ items: [Item], ending: Duration = .zero,
        _ body: (AsyncStream<[Item]>.Continuation, Journal) async throws -> Void
    ) async throws -> [String] {
        let journal = Journal()
        let (changes, continuation) = AsyncStream.makeStream(of: [Item].self)
        let supervisor = Supervisor<Item, StopFlag>(makeStop: { StopFlag() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await supervisor.run(items, changes: changes) { item, stop in
                    journal.note("+\(item.id)\(item.version)")
                    while !stop.isRequested { try await Task.sleep(for: .milliseconds(1)) }
                    try await Task.sleep(for: ending)
                    journal.note("-\(item.id)\(item.version)")
                }
            }
            try await body(continuation, journal)
            supervisor.stop()
            continuation.finish()
            try await group.waitForAll()
        }
        return journal.all
    }

    @Test func whatIsNewStartsAndWhatIsGoneStops() async throws {
        let journal = try await run([Item(id: "a"), Item(id: "b")]) { changes, journal in
            try await journal.wait(for: "+b1")
            changes.yield([Item(id: "b"), Item(id: "c")])
            try await journal.wait(for: "+c1")
            try await journal.wait(for: "-a1")
            #expect(!journal.all.contains("-b1"), "what stays does not notice")
        }
        #expect(journal.count(where: { $0 == "+b1" }) == 1)
        #expect(Set(journal) == ["+a1", "+b1", "+c1", "-a1", "-b1", "-c1"], "everything has ended")
    }

    @Test func whatChangedStartsAgainAfterItsEnd() async throws {
        let journal = try await run([Item(id: "a")], ending: .milliseconds(20)) { changes, journal in
            try await journal.wait(for: "+a1")
            changes.yield([Item(id: "a", version: 2)])
            try await journal.wait(for: "+a2")
        }
        #expect(journal == ["+a1", "-a1", "+a2", "-a2"])
    }

    @Test func whatChangesWhileItEndsStartsAsItIsWantedThen() async throws {
        let journal = try await run([Item(id: "a")], ending: .milliseconds(50)) { changes, journal in
            try await journal.wait(for: "+a1")
            changes.yield([Item(id: "a", version: 2)])
            changes.yield([])
            changes.yield([Item(id: "a", version: 3)])
            changes.yield([Item(id: "a", version: 1)])
            try await journal.wait(for: "+a1", count: 2)
        }
        #expect(
            journal == ["+a1", "-a1", "+a1", "-a1"],
            "back to what it was is a new start, because the old one was stopped")
    }

    @Test func whatWasGoneMayComeBack() async throws {
        let journal = try await run([Item(id: "a")]) { changes, journal in
            try await journal.wait(for: "+a1")
            changes.yield([])
            try await journal.wait(for: "-a1")
            changes.yield([Item(id: "a")])
            try await journal.wait(for: "+a1", count: 2)
        }
        #expect(journal == ["+a1", "-a1", "+a1", "-a1"])
    }

    @Test(arguments: [true, false]) func aFailureEndsTheOthers(isListFinal: Bool) async throws {
        struct Broken: Error {}
        let (changes, continuation) = AsyncStream.makeStream(of: [Item].self)
        if isListFinal { continuation.finish() }
        let supervisor = Supervisor<Item, StopFlag>(makeStop: { StopFlag() })
        await #expect(throws: Broken.self) {
            try await supervisor.run([Item(id: "a"), Item(id: "b")], changes: changes) { item, _ in
                if item.id == "b" { throw Broken() }
                try await Task.sleep(for: .seconds(600))
            }
        }
    }
}
