import DevServices
import TestSupport
import Testing

@testable import RedisStreams

@Suite(.timeLimit(.minutes(1)))
struct TermTests {
    @Test("the first term creates the streams and their groups")
    func firstTerm() async throws {
        try await TestConnections.with { connection, prefix in
            let (raw, events, requests) = ("\(prefix):raw", "\(prefix):events", "\(prefix):requests")
            let groups = [StreamGroup(stream: raw, group: "processor"), StreamGroup(stream: events, group: "writer")]
            let start = try await connection.startTerm(stream: raw, groups: groups, alsoCreate: [requests]) { last in
                #expect(last == nil)
                return .numbered(100)
            }
            #expect(start == TermStart.begun(by: .numbered(100), after: nil))
            #expect(try await connection.lastEntry(of: raw) == .numbered(100))
            #expect(try await connection.groups(of: raw).map(\.name) == ["processor"])
            #expect(try await connection.groups(of: events).map(\.name) == ["writer"])
            #expect(try await connection.streamInfo(of: requests)?.length == 0)
            #expect(try await connection.groups(of: requests).isEmpty)
        }
    }

    @Test("a takeover sees the predecessor's last entry, keeps the groups, and shuts the predecessor out")
    func takeover() async throws {
        try await TestConnections.with { connection, prefix in
            let raw = "\(prefix):raw"
            let groups = [StreamGroup(stream: raw, group: "processor")]
            _ = try await connection.startTerm(stream: raw, groups: groups) { _ in .numbered(100) }
            #expect(try await connection.append(to: raw, [.numbered(101), .numbered(102)]) == .appended)
            _ = try await connection.readGroup(
                [raw], group: "processor", consumer: "owner", from: .new, count: 2, block: nil)

            let start = try await connection.startTerm(stream: raw, groups: groups) { last in
                .numbered((last?.id.milliseconds ?? 0) + 1_000)
            }
            #expect(start == TermStart.begun(by: .numbered(1_102), after: .numbered(102)))
            #expect(try await connection.pendingSummary(stream: raw, group: "processor").count == 2)
            let late = try await connection.append(to: raw, [.numbered(103), .numbered(104)])
            guard case .refused = late else {
                Issue.record("\(late)")
                return
            }
            #expect(try await connection.append(to: raw, [.numbered(1_103)]) == .appended)
        }
    }

    @Test("a writer in between makes it read again")
    func disturbed() async throws {
        try await TestConnections.with { connection, prefix in
            let raw = "\(prefix):raw"
            let attempts = Attempts()
            _ = try await connection.startTerm(stream: raw, groups: []) { _ in .numbered(1) }
            let rival = try Rival(socket: try await TestServers.redis().socketPath)
            let start = try await connection.startTerm(stream: raw, groups: []) { last in
                let next = (last?.id.milliseconds ?? 0) + 1
                if attempts.next() <= 3 { try rival.add(to: raw, id: next) }
                return .numbered(next)
            }
            #expect(attempts.count == 4)
            #expect(start.appended.id == StreamID(5))
            #expect(start.predecessor?.id == StreamID(4))
            #expect(try await connection.ids(in: raw) == (1...5).map { StreamID($0) })
        }
    }

    @Test("after ten disturbed attempts it gives up")
    func alwaysDisturbed() async throws {
        try await TestConnections.with { connection, prefix in
            let raw = "\(prefix):raw"
            let rival = try Rival(socket: try await TestServers.redis().socketPath)
            await #expect(throws: RedisError.disturbed(stream: raw, attempts: 10)) {
                try await connection.startTerm(stream: raw, groups: []) { last in
                    let next = (last?.id.milliseconds ?? 0) + 1
                    try rival.add(to: raw, id: next)
                    return .numbered(next)
                }
            }
            #expect(try await connection.ids(in: raw).count == 10)
        }
    }

    @Test("what the caller throws comes out, and leaves no watch behind")
    func callerThrows() async throws {
        struct Refusal: Error {}
        try await TestConnections.with { connection, prefix in
            let raw = "\(prefix):raw"
            try await connection.create(raw)
            await #expect(throws: Refusal.self) {
                try await connection.startTerm(stream: raw, groups: []) { _ in throw Refusal() }
            }
            let other = try await TestConnections.open(try await TestServers.redis())
            #expect(try await other.append(to: raw, [.numbered(1)]) == .appended)
            #expect(try await connection.append(to: raw, [.numbered(2), .numbered(3)]) == .appended)
        }
    }

    @Test("a number that is not above everything ever appended is an error")
    func tooLow() async throws {
        try await TestConnections.with { connection, prefix in
            let raw = "\(prefix):raw"
            _ = try await connection.startTerm(stream: raw, groups: []) { _ in .numbered(50) }
            let error = await #expect(throws: RedisError.self) {
                try await connection.startTerm(stream: raw, groups: []) { _ in .numbered(50) }
            }
            #expect(error?.refusal == .idNotGrowing)
        }
    }
}

extension TermStart {
    fileprivate static func begun(by entry: StreamEntry, after predecessor: StreamEntry?) -> TermStart {
        TermStart(appended: entry, predecessor: predecessor)
    }
}
