import FeedModel
import Logging
import RedisStreams
import Testing

@testable import Writer

@Suite("Writer: dead letters, raw audit, trimming", .timeLimit(.minutes(2)))
struct WriterSideStreamsTests {
    private func letter(_ frame: FrameNumber, detail: String = "odd_value: \"x\"") -> DeadLetter {
        DeadLetter(
            position: Position(frame: frame, ordinal: 3), stage: .processor, reason: .badValue, detail: detail,
            payload: [0, 1, 255], receivedAt: Timestamp(milliseconds: 1_700_000_000_000))
    }

    private func entry(_ letter: DeadLetter) -> StreamEntry {
        StreamEntry(id: StreamID(UInt64(letter.position.frame), 4), payload: letter.encoded())
    }

    @Test("dead letters reach their table once, also those that Postgres could not have printed")
    func deadLetters() async throws {
        try await WriterHarness.with {
            $0.letters.keep = .seconds(10_000 * 86_400)
        } _: { writer in
            let letters = [letter(10), letter(11, detail: "a \0 in it"), letter(12)]
            try await writer.append(letters.map(entry), toStream: writer.feed.dead)
            try await writer.drain()
            _ = try await writer.redis.command(["XGROUP", "SETID", .text(writer.feed.dead), "writer", "0"])
            try await writer.drain()
            #expect(
                try await writer.rows(
                    """
                    SELECT position, stage, reason, deliveries, encode(payload, 'hex'), sqlstate,
                        extract(epoch FROM first_seen)::bigint FROM dead_letters ORDER BY position
                    """)
                    == [FrameNumber(10), 11, 12].map { frame in
                        ["\(Position(frame: frame, ordinal: 3).rawValue)", "1", "4", "1", "0001ff", nil, "1700000000"]
                    })
            #expect(try await writer.value("SELECT detail FROM dead_letters ORDER BY position") == "odd_value: \"x\"")
        }
    }

    @Test("what a letter says of itself cannot stop the letters behind it")
    func oddLetters() async throws {
        try await WriterHarness.with {
            $0.letters.keep = .seconds(10_000 * 86_400)
        } _: { writer in
            var odd = letter(10)
            odd.sqlState = "2\04"
            odd.deliveries = Int(UInt32.max)
            let letters = [odd, letter(11)]
            try await writer.append(letters.map(entry), toStream: writer.feed.dead)
            try await writer.drain()
            #expect(
                try await writer.rows("SELECT deliveries, sqlstate FROM dead_letters ORDER BY position")
                    == [["2147483647", "2\u{FFFD}4"], ["1", nil]])
        }
    }

    @Test("an entry that cannot be read becomes a letter with its bytes")
    func unreadable() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let good = samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }
            let bad = samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }
            let after = samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }
            try await writer.append([good, StreamEntry(id: bad.id, payload: Array(bad.payload.prefix(70))), after])
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 2)
            #expect(
                try await writer.rows("SELECT position, stage, octet_length(payload) FROM dead_letters")
                    == [["\(1_001 << 13)", "2", "70"]])
        }
    }

    private func raw(
        _ first: FrameNumber, _ frames: [String], at receivedAt: Timestamp = WallClock.now
    ) -> StreamEntry {
        var payload: [UInt8] = []
        RawEntry.append(
            RawEntryHeader(
                kind: .frames, term: Term(rawValue: 7), first: first, frameCount: frames.count, prev: first - 1,
                receivedAt: receivedAt, resumeToken: [1, 2, 3]), to: &payload)
        for frame in frames { Array(frame.utf8).withUnsafeBytes { RawEntry.append(frame: $0, to: &payload) } }
        return StreamEntry(id: StreamID(UInt64(first)), payload: payload)
    }

    /// Runs a Writer until every raw entry is acknowledged.
    private func archived(_ writer: WriterHarness) async throws {
        try await writer.running {
            try await writer.eventually("archived") {
                let group = try await writer.redis.groups(of: writer.feed.raw).first { $0.name == "archiver" }
                return group?.pending == 0 && group?.lag == 0
            }
        }
    }

    @Test("raw frames that no partition takes become letters, and the archive goes on")
    func rawWithoutPartition() async throws {
        try await WriterHarness.with {
            $0.isRawAuditOn = true
            $0.letters.keep = .seconds(20_000 * 86_400)
        } _: { writer in
            let day = Duration.seconds(86_400)
            let detached = WallClock.now - day * 4
            try await PartitionKeeper().ensure(covering: detached...detached, now: WallClock.now, writer.postgres)
            let name = try #require(
                PartitionPlanner().ranges(covering: detached...detached).first { $0.table == .rawFrames }
            ).name
            try await writer.execute("ALTER TABLE raw_frames DETACH PARTITION \(name)")
            let entries = [
                raw(100, ["old"], at: Timestamp(milliseconds: 1_000_000_000_000)), raw(101, ["gone"], at: detached),
                raw(102, ["late"], at: WallClock.now - day * 3), raw(103, ["good"]),
                raw(104, ["early"], at: WallClock.now + day * 30),
            ]
            try await writer.append(entries, toStream: writer.feed.raw)
            try await archived(writer)
            #expect(try await writer.rows("SELECT first_frame FROM raw_frames ORDER BY 1") == [["102"], ["103"]])
            let letters = try await writer.rows(
                "SELECT position >> 13, stage, reason, detail, encode(payload, 'hex') FROM dead_letters ORDER BY 1")
            #expect(letters.map { Array($0.prefix(3)) } == ["100", "101", "104"].map { [$0, "2", "7"] })
            let why = [
                "raw frames received at 2001-09-09T01:46:40.000Z: they are too old to get a partition",
                "raw frames received at \(detached): \(name) exists but was detached: attach it again or drop it",
            ]
            #expect(letters.prefix(2).map { $0[3] } == why)
            #expect(letters.last?[3]?.hasSuffix("they are too far in the future to get a partition") == true)
            let hex = entries[0].payload.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            #expect(letters.first?[4] == hex)
            // Delivered once more it is the same letters.
            _ = try await writer.redis.command(["XGROUP", "SETID", .text(writer.feed.raw), "archiver", "0"])
            try await archived(writer)
            #expect(try await writer.count("dead_letters") == 3)
        }
    }

    @Test("raw entries are kept byte for byte, each once")
    func rawAudit() async throws {
        try await WriterHarness.with {
            $0.isRawAuditOn = true
        } _: { writer in
            let entries = (0..<150).map { raw(Int64(100 + $0 * 2), ["frame \($0)", "\0é"]) }
            try await writer.append(entries, toStream: writer.feed.raw)
            try await archived(writer)
            _ = try await writer.redis.command(["XGROUP", "SETID", .text(writer.feed.raw), "archiver", "0"])
            try await archived(writer)
            #expect(try await writer.count("raw_frames") == 150)
            #expect(
                try await writer.rows("SELECT first_frame, encode(frames, 'hex') FROM raw_frames ORDER BY 1 LIMIT 1")
                    == [["100", "07000000" + "6672616d652030" + "03000000" + "00c3a9"]])
        }
    }

    @Test("trims what everybody is done with, never what is pending, never the last entry, never the young")
    func trimming() async throws {
        try await WriterHarness.with { writer in
            let old = WallClock.now - .seconds(3_600)
            var samples = SampleEntries(first: 10_000, receivedAt: old)
            var entries = (0..<300).map { _ in
                samples.entry(frames: 64) { $0.price("2", at: Position(frame: $1, ordinal: 0)) }
            }
            var young = SampleEntries(first: 100_000)
            entries += (0..<300).map { _ in
                young.entry(frames: 64) { $0.price("2", at: Position(frame: $1, ordinal: 0)) }
            }
            try await writer.append(entries)
            let route = FeedRoute(index: 0, feedID: 1, streams: writer.feed)
            let trimmer = StreamTrimmer(
                policy: TrimPolicy(), isRawAuditOn: false, redis: writer.redis, logger: Logger(label: "test"))
            try await trimmer.trim(route, under: .none)
            #expect(try await writer.redis.streamInfo(of: writer.feed.events)?.length == 600)
            let taken = try await writer.redis.readGroup(
                [writer.feed.events], group: "writer", consumer: "c", from: .new, count: 1_000, block: nil)
            let ids = taken.first?.entries.map(\.id) ?? []
            // The 151st is still pending.
            try await writer.redis.acknowledge(
                stream: writer.feed.events, group: "writer", ids.filter { $0 != ids[150] })
            try await trimmer.trim(route, under: .none)
            let info = try await writer.redis.streamInfo(of: writer.feed.events)
            #expect(try #require(info?.first) <= ids[150] && info.map { $0.length } ?? 0 >= 450)
            #expect(info?.length ?? 600 < 600)
            try await writer.redis.acknowledge(stream: writer.feed.events, group: "writer", ids)
            try await trimmer.trim(route, under: .none)
            let left = try await writer.redis.streamInfo(of: writer.feed.events)
            #expect(try #require(left?.first) <= ids[300] && left?.length ?? 600 < 450)
            #expect(left?.last == ids[599])
        }
    }

    @Test("raw is trimmed to the decoder's checkpoint")
    func rawTrimming() async throws {
        try await WriterHarness.with { writer in
            var payload: [UInt8] = []
            RawEntry.append(
                RawEntryHeader(
                    kind: .frames, term: Term(rawValue: 7), first: 1, frameCount: 1, prev: 0,
                    receivedAt: WallClock.now - .seconds(3_600)), to: &payload)
            try await writer.append(
                (1...400).map { StreamEntry(id: StreamID($0), payload: payload) }, toStream: writer.feed.raw)
            for group in [ConsumerGroup.processor] {
                _ = try await writer.redis.readGroup(
                    [writer.feed.raw], group: group, consumer: "owner", from: .new, count: 1_000, block: nil)
                try await writer.redis.acknowledge(
                    stream: writer.feed.raw, group: group, (1...400).map { StreamID(UInt64($0)) })
            }
            _ = try await writer.redis.advanceCheckpoint(writer.feed.decoder, rank: 250, [1])
            let trimmer = StreamTrimmer(
                policy: TrimPolicy(), isRawAuditOn: false, redis: writer.redis, logger: Logger(label: "test"))
            try await trimmer.trim(FeedRoute(index: 0, feedID: 1, streams: writer.feed), under: .none)
            let info = try await writer.redis.streamInfo(of: writer.feed.raw)
            #expect(try #require(info?.first) <= StreamID(250) && info?.length ?? 400 < 400)
            #expect(info?.last == StreamID(400))
        }
    }
}
