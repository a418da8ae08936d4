import Testing

@testable import RedisStreams

@Suite(.timeLimit(.minutes(1)))
struct GroupTests {
    /// A stream with entries 1…count, all delivered to consumer `gone`.
    private func deliver(_ count: UInt64, on connection: RedisConnection, _ stream: String) async throws {
        try await connection.create(stream)
        #expect(try await connection.append(to: stream, (1...count).map { .numbered($0) }) == .appended)
        _ = try await connection.readGroup(
            [stream], group: "group", consumer: "gone", from: .new, count: Int(count), block: nil)
    }

    @Test("idle entries are claimed pass by pass until the cursor wraps, deleted ones named")
    func claim() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):events"
            try await deliver(5, on: connection, stream)
            _ = try await connection.command(["XDEL", .text(stream), "2-0"])
            var cursor = StreamID.zero
            var entries: [StreamEntry] = []
            var deleted: [StreamID] = []
            var passes = 0
            repeat {
                let claimed = try await connection.claimIdle(
                    stream: stream, group: "group", consumer: "heir", minimumIdle: .zero, from: cursor, count: 2)
                entries += claimed.entries
                deleted += claimed.deleted
                cursor = claimed.next
                passes += 1
            } while cursor != .zero && passes < 20
            #expect(cursor == .zero)
            #expect(passes > 1)
            #expect(entries == [.numbered(1), .numbered(3), .numbered(4), .numbered(5)])
            #expect(deleted == [StreamID(2)])
            let summary = try await connection.pendingSummary(stream: stream, group: "group")
            #expect(summary.count == 4)
            #expect(summary.lowest == StreamID(1))
            #expect(summary.highest == StreamID(5))
            #expect(summary.consumers.map(\.name) == ["heir"])
            let deliveries = try await connection.deliveries(
                stream: stream, group: "group", from: .zero, to: .max, count: 10)
            #expect(deliveries.map(\.id.milliseconds) == [1, 3, 4, 5])
            #expect(deliveries.allSatisfy { $0.deliveries == 2 && $0.consumer == "heir" })
        }
    }

    @Test("what is not idle for long enough is left alone")
    func notIdle() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):events"
            try await deliver(3, on: connection, stream)
            let claimed = try await connection.claimIdle(
                stream: stream, group: "group", consumer: "heir", minimumIdle: .seconds(60), from: .zero, count: 10)
            #expect(claimed == .init(next: .zero, entries: [], deleted: []))
        }
    }

    @Test("nothing pending is a summary of nothing")
    func emptySummary() async throws {
        try await TestConnections.with { connection, prefix in
            try await connection.create("\(prefix):events")
            let summary = try await connection.pendingSummary(stream: "\(prefix):events", group: "group")
            #expect(summary == PendingSummary(count: 0, lowest: nil, highest: nil, consumers: []))
        }
    }

    @Test("groups tell their lag, or that they cannot")
    func lag() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):events"
            try await connection.create(stream, groups: ["writer", "late"])
            #expect(try await connection.append(to: stream, (1...5).map { .numbered($0) }) == .appended)
            _ = try await connection.readGroup(
                [stream], group: "writer", consumer: "one", from: .new, count: 3, block: nil)
            let groups = try await connection.groups(of: stream).sorted { $0.name < $1.name }
            #expect(groups.map(\.name) == ["late", "writer"])
            #expect(groups.map(\.lag) == [5, 2])
            #expect(groups[1].pending == 3)
            #expect(groups[1].consumers == 1)
            #expect(groups[1].lastDelivered == StreamID(3))
            // Redis loses count when an entry that a group has not seen yet is deleted.
            _ = try await connection.command(["XDEL", .text(stream), "4-0"])
            let after = try await connection.groups(of: stream).first { $0.name == "writer" }
            #expect(after?.lag == nil)
            #expect(try await connection.groups(of: "\(prefix):none").isEmpty)
        }
    }

    @Test("trimming stops at the oldest pending entry of any group, else at its last delivered one")
    func trimFloor() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream, groups: ["processor", "archiver"])
            #expect(try await connection.trimFloor(of: stream, groups: ["processor"]) == nil)
            #expect(try await connection.append(to: stream, (1...10).map { .numbered($0) }) == .appended)
            for (group, count) in [("processor", 10), ("archiver", 6)] {
                _ = try await connection.readGroup(
                    [stream], group: group, consumer: "owner", from: .new, count: count, block: nil)
                let read = (1...UInt64(count)).map { StreamID($0) }
                try await connection.acknowledge(stream: stream, group: group, read)
            }
            #expect(try await connection.trimFloor(of: stream, groups: ["processor"]) == StreamID(10))
            #expect(try await connection.trimFloor(of: stream, groups: ["processor", "archiver"]) == StreamID(6))
            #expect(try await connection.trimFloor(of: stream, groups: ["processor", "missing"]) == nil)
            _ = try await connection.readGroup(
                [stream], group: "archiver", consumer: "owner", from: .new, count: 3, block: nil)
            try await connection.acknowledge(stream: stream, group: "archiver", [StreamID(8)])
            let floor = try #require(
                try await connection.trimFloor(of: stream, groups: ["processor", "archiver"]))
            #expect(floor == StreamID(7))
            #expect(try await connection.trim(stream: stream, below: floor, exactly: true) == 6)
            #expect(try await connection.ids(in: stream) == (7...10).map { StreamID($0) })
            let info = try #require(try await connection.streamInfo(of: stream))
            #expect(
                info == .init(length: 4, added: 10, lastGenerated: StreamID(10), first: StreamID(7), last: StreamID(10))
            )
            #expect(try await connection.trim(stream: stream, below: StreamID(8)) == 0)
        }
    }

    @Test("only consumers that are idle and have nothing pending are removed")
    func removeIdle() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):events"
            try await deliver(2, on: connection, stream)
            _ = try await connection.command(["XGROUP", "CREATECONSUMER", .text(stream), "group", "idle"])
            #expect(
                try await connection.removeIdleConsumers(stream: stream, group: "group", idle: .seconds(600)).isEmpty)
            #expect(try await connection.removeIdleConsumers(stream: stream, group: "group", idle: .zero) == ["idle"])
            #expect(try await connection.consumers(stream: stream, group: "group").map(\.name) == ["gone"])
            #expect(try await connection.pendingSummary(stream: stream, group: "group").count == 2)
        }
    }
}
