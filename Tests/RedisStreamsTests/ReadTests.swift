import RedisStreams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ReadTests {
    @Test("a range comes from either end, both ids included")
    func ranges() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            #expect(try await connection.append(to: stream, (1...9).map { .numbered($0) }) == .appended)
            let low = try await connection.range(of: stream, from: StreamID(3), to: StreamID(8), count: 2)
            #expect(low == [.numbered(3), .numbered(4)])
            let high = try await connection.range(
                of: stream, from: StreamID(3), to: StreamID(8), count: 2, reversed: true)
            #expect(high == [.numbered(8), .numbered(7)])
            #expect(try await connection.lastEntry(of: stream) == .numbered(9))
        }
    }

    @Test("what is read has zeroed bytes behind its end, for scanners that load whole vectors")
    func slack() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            let payload = [UInt8](repeating: 255, count: 333)
            let written = StreamEntry(id: StreamID(1), payload: payload)
            #expect(try await connection.append(to: stream, [written]) == .appended)
            let entry = try #require(try await connection.lastEntry(of: stream))
            #expect(entry.payload == payload)
            #expect(entry.payload.capacity >= 333 + StreamEntry.readableSlack)
            entry.payload.withUnsafeBytes { bytes in
                let behind = UnsafeRawBufferPointer(
                    start: bytes.baseAddress.map { $0 + bytes.count }, count: StreamEntry.readableSlack)
                #expect(behind.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test("a group's consumers share what is new, over several streams")
    func groups() async throws {
        try await TestConnections.with { connection, prefix in
            let streams = ["\(prefix):a", "\(prefix):b", "\(prefix):empty"]
            for stream in streams { try await connection.create(stream) }
            #expect(try await connection.append(to: streams[0], [.numbered(1), .numbered(2)]) == .appended)
            #expect(try await connection.append(to: streams[1], [.numbered(7)]) == .appended)
            let first = try await connection.readGroup(
                streams, group: "group", consumer: "one", from: .new, count: 1, block: nil)
            #expect(
                first == [
                    StreamBatch(stream: streams[0], entries: [.numbered(1)]),
                    StreamBatch(stream: streams[1], entries: [.numbered(7)]),
                ])
            let second = try await connection.readGroup(
                streams, group: "group", consumer: "two", from: .new, count: 10, block: .milliseconds(10))
            #expect(second == [StreamBatch(stream: streams[0], entries: [.numbered(2)])])
            let third = try await connection.readGroup(
                streams, group: "group", consumer: "two", from: .new, count: 10, block: .milliseconds(10))
            #expect(third.isEmpty)
        }
    }

    @Test("a consumer reads its own backlog again until it acknowledges; deleted entries are named")
    func backlog() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            #expect(try await connection.append(to: stream, (1...6).map { .numbered($0) }) == .appended)
            for (consumer, count) in [("one", 5), ("two", 1)] {
                _ = try await connection.readGroup(
                    [stream], group: "group", consumer: consumer, from: .new, count: count, block: nil)
            }
            #expect(try await connection.acknowledge(stream: stream, group: "group", [StreamID(1)]) == 1)
            _ = try await connection.command(["XDEL", .text(stream), "3-0"])
            #expect(try await connection.trim(stream: stream, below: StreamID(3), exactly: true) == 2)
            let backlog = try await connection.readGroup(
                [stream], group: "group", consumer: "one", from: .backlog(after: .zero), count: 10, block: nil)
            #expect(
                backlog == [
                    StreamBatch(
                        stream: stream, entries: [.numbered(4), .numbered(5)], deleted: [StreamID(2), StreamID(3)])
                ])
            let rest = try await connection.readGroup(
                [stream], group: "group", consumer: "one", from: .backlog(after: StreamID(4)), count: 10, block: nil)
            #expect(rest.flatMap(\.entries) == [.numbered(5)])
            let ids = (2...5).map { StreamID($0) }
            #expect(try await connection.acknowledge(stream: stream, group: "group", ids) == 4)
            let none = try await connection.readGroup(
                [stream], group: "group", consumer: "one", from: .backlog(after: .zero), count: 10, block: nil)
            #expect(none.isEmpty)
        }
    }

    @Test("a missing group is told apart, so that the caller can make it again")
    func noGroup() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            let error = await #expect(throws: RedisError.self) {
                try await connection.readGroup(
                    [stream], group: "group", consumer: "one", from: .new, count: 1, block: nil)
            }
            #expect(error?.refusal == .noGroup)
            let isNew = try await connection.createGroup(stream: stream, group: "group", at: .zero)
            #expect(isNew)
            #expect(try await connection.createGroup(stream: stream, group: "group", at: .zero) == false)
        }
    }

    @Test("without a group, each stream is read from its own id")
    func byID() async throws {
        try await TestConnections.with { connection, prefix in
            let (a, b) = ("\(prefix):a", "\(prefix):b")
            for stream in [a, b] {
                try await connection.create(stream)
                #expect(try await connection.append(to: stream, (1...3).map { .numbered($0) }) == .appended)
            }
            let batches = try await connection.read(
                [(a, StreamID(2)), (b, .zero)], count: 2, block: .milliseconds(10))
            #expect(
                batches == [
                    StreamBatch(stream: a, entries: [.numbered(3)]),
                    StreamBatch(stream: b, entries: [.numbered(1), .numbered(2)]),
                ])
            #expect(try await connection.read([(a, StreamID(3))], count: 2, block: .milliseconds(10)).isEmpty)
            #expect(try await connection.read([("\(prefix):none", .zero)], count: 2, block: nil).isEmpty)
        }
    }

    @Test("a blocked read wakes when something arrives, and a bound of nothing is not for ever")
    func blocking() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            #expect(try await connection.read([(stream, .zero)], count: 1, block: .zero).isEmpty)
            let reader = try await TestConnections.open(try await TestServers.redis(), name: "reader")
            async let batches = reader.readGroup(
                [stream], group: "group", consumer: "one", from: .new, count: 10, block: .seconds(60))
            #expect(try await connection.append(to: stream, [.numbered(1)]) == .appended)
            #expect(try await batches == [StreamBatch(stream: stream, entries: [.numbered(1)])])
        }
    }

    @Test("a bound above the socket's own is cut, so that waiting is never taken for a lost connection")
    func longBlock() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            let reader = try await TestConnections.open(
                try await TestServers.redis(), name: "reader", timeout: .milliseconds(400))
            #expect(try await reader.read([(stream, .zero)], count: 1, block: .seconds(3)).isEmpty)
            #expect(await reader.isConnected)
        }
    }

    @Test("a thousand entries of every size around hiredis' buffers arrive unchanged")
    func manySizes() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            let entries = (1...1_000).map { number in
                StreamEntry(
                    id: StreamID(UInt64(number)),
                    payload: (0..<(number * 53 % 20_011)).map { UInt8(truncatingIfNeeded: $0 &+ number) })
            }
            #expect(try await connection.append(to: stream, entries) == .appended)
            let read = try await connection.readGroup(
                [stream], group: "group", consumer: "one", from: .new, count: 5_000, block: nil)
            #expect(read.count == 1)
            #expect(read.first?.entries == entries)
        }
    }

    @Test("an entry that another program wrote is empty rather than in the way")
    func foreign() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            _ = try await connection.command(["XADD", .text(stream), "5-0", "a", "1", "e", "payload"])
            _ = try await connection.command(["XADD", .text(stream), "6-0", "other", "1"])
            let entries = try await connection.range(of: stream, from: .zero, to: .max, count: 10)
            #expect(entries.map(\.payload) == [Array("payload".utf8), []])
        }
    }
}
