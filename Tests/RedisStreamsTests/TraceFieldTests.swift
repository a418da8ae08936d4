import DevServices
import RedisStreams
import Telemetry
import Testing

/// The trace context beside an entry's payload.
@Suite(.timeLimit(.minutes(1))) struct TraceFieldTests {
    private func traced(_ frame: UInt64) -> StreamEntry {
        var generator = SystemRandomNumberGenerator()
        return StreamEntry(id: StreamID(frame), payload: [1, 2, 3], trace: .root(using: &generator))
    }

    @Test("it survives an append, alone and among others, a read, and the hop")
    func survives() async throws {
        try await TestConnections.with { connection, prefix in
            let (raw, events) = ("\(prefix):raw", "\(prefix):events")
            try await connection.create(raw, groups: ["processor"])
            try await connection.create(events, groups: ["writer"])
            let first = traced(1)
            let rest: [StreamEntry] = [.numbered(2), traced(3), .numbered(4)]
            #expect(try await connection.append(to: raw, [first]) == .appended)
            #expect(try await connection.append(to: raw, rest) == .appended)
            #expect(try await connection.range(of: raw, from: .zero, to: .max, count: 9) == [first] + rest)

            let delivered = try await connection.readGroup(
                [raw], group: "processor", consumer: "owner", from: .new, count: 9, block: nil
            ).flatMap(\.entries)
            #expect(delivered == [first] + rest)
            let hop = Hop(
                events: events, entries: delivered, dead: "\(prefix):dead", letters: [], raw: raw, group: "processor",
                acknowledge: delivered.map(\.id))
            #expect(try await connection.hop(hop) == .forwarded)
            let forwarded = try await connection.read([(stream: events, after: .zero)], count: 9, block: nil)
            #expect(forwarded.flatMap(\.entries) == delivered)
            #expect(forwarded.flatMap(\.entries).map { $0.trace == nil } == [false, true, false, true])
        }
    }

    @Test("the second copy of an entry is refused whatever its context says")
    func refused() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):events"
            try await connection.create(stream)
            let entry = traced(1)
            #expect(try await connection.append(to: stream, [entry]) == .appended)
            guard case .refused = try await connection.append(to: stream, [traced(1)]) else {
                Issue.record("it was taken")
                return
            }
            #expect(try await connection.lastEntry(of: stream) == entry)
        }
    }

    @Test("what is no context, or is not sampled, costs the entry nothing")
    func unreadable() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
            for (id, trace) in ["", "x", "00-1", unsampled].enumerated() {
                _ = try await connection.command([
                    "XADD", .text(stream), .text("\(id + 1)-0"), "t", .text(trace), "e", .bytes([7]),
                ])
            }
            let entries = try await connection.range(of: stream, from: .zero, to: .max, count: 9)
            #expect(entries == (1...4).map { StreamEntry(id: StreamID($0), payload: [7]) })
        }
    }
}
