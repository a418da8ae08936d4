import FeedModel
import RedisStreams
import Testing

@testable import Writer

@Suite("The view events_raw", .timeLimit(.minutes(2)))
struct EventsRawTests {
    private struct Sent {
        let frame: FrameNumber
        let bytes: [UInt8]
        var isBinary = false
        var type: String?
        var json: String?
        var text: String?
    }

    private func entry(
        _ kind: RawEntryHeader.Kind, _ sent: [Sent], at receivedAt: Timestamp = WallClock.now
    ) throws -> StreamEntry {
        let first = try #require(sent.first).frame
        var payload: [UInt8] = []
        RawEntry.append(
            RawEntryHeader(
                kind: kind, term: Term(rawValue: 7), first: first, frameCount: sent.count, prev: first - 1,
                receivedAt: receivedAt, resumeToken: [1, 2, 3]), to: &payload)
        for frame in sent {
            frame.bytes.withUnsafeBytes { RawEntry.append(frame: $0, isBinary: frame.isBinary, to: &payload) }
        }
        return StreamEntry(id: StreamID(UInt64(first)), payload: payload)
    }

    private func archive(_ entries: [StreamEntry], _ writer: WriterHarness) async throws {
        try await writer.append(entries, toStream: writer.feed.raw)
        try await writer.running {
            try await writer.eventually("archived") {
                let group = try await writer.redis.groups(of: writer.feed.raw).first { $0.name == "archiver" }
                return group?.pending == 0 && group?.lag == 0
            }
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static let frames: [Sent] = {
        func text(_ frame: FrameNumber, _ text: String, type: String? = nil, json: String? = nil) -> Sent {
            Sent(frame: frame, bytes: Array(text.utf8), type: type, json: json, text: text)
        }
        return [
            text(
                100, #"{"seq": 7,  "type":"odds_change", "é":"2.50"}"#, type: "odds_change",
                json: #"{"é": "2.50", "seq": 7, "type": "odds_change"}"#),
            text(
                101, #"[{"event_type":"book"},{"event_type":"trade"}]"#, type: "book",
                json: #"[{"event_type": "book"}, {"event_type": "trade"}]"#),
            text(102, #"{"op":"mcm"}"#, type: "mcm", json: #"{"op": "mcm"}"#), text(103, ""), text(104, "no { json"),
            text(105, "7", json: "7"),
            // JSON, and none that `jsonb` takes.
            text(106, #"{"type":"\u0000"}"#),
            Sent(frame: 107, bytes: [0, 1, 2, 255], isBinary: true), Sent(frame: 108, bytes: Array("a\0b".utf8)),
            // Larger than a page and well compressible: out of line, in LZ4.
            text(
                109, "\"" + String(repeating: "price ", count: 30_000) + "\"",
                json: "\"" + String(repeating: "price ", count: 30_000) + "\""),
        ]
    }()

    @Test func `it has every frame byte for byte, whatever it is`() async throws {
        try await WriterHarness.with {
            $0.isRawAuditOn = true
        } _: { writer in
            let time = WallClock.now
            let control = Sent(
                frame: 110, bytes: ControlEvent.gap(.init(kind: .sequence, cause: "seq 1041 after 1038")).encoded())
            try await archive(
                [entry(.frames, Self.frames, at: time), entry(.control, [control], at: time + .seconds(1))], writer)
            let rows = try await writer.rows(
                """
                SELECT frame, encode(bytes, 'hex'), is_binary, event_type, payload, "text", is_control FROM events_raw
                 WHERE NOT is_control ORDER BY frame
                """)
            #expect(rows.count == Self.frames.count)
            for (row, sent) in zip(rows, Self.frames) {
                let expected = [
                    "\(sent.frame)", Self.hex(sent.bytes), sent.isBinary ? "t" : "f", sent.type, sent.json, sent.text,
                    "f",
                ]
                #expect(row == expected, "frame \(sent.frame)")
            }
            #expect(
                try await writer.rows(
                    """
                    SELECT id, event_type, payload #>> '{gap,_0,cause}', source, position, is_control,
                        "timestamp" - (SELECT max("timestamp") FROM events_raw WHERE frame = 109) FROM events_raw
                     WHERE is_control
                    """)
                    == [["1-110", "gap", "seq 1041 after 1038", "feed-0", "\(110 << 13)", "t", "00:00:01"]])
        }
    }

    @Test func `a section that was damaged costs its own end and no query`() async throws {
        try await WriterHarness.with {
            $0.isRawAuditOn = true
        } _: { writer in
            try await archive([entry(.frames, [Self.frames[2], Sent(frame: 103, bytes: Array("tail".utf8))])], writer)
            // The last two bytes are gone; then the length of the last frame as well.
            try await writer.execute("UPDATE raw_frames SET frames = substring(frames FOR octet_length(frames) - 2)")
            #expect(
                try await writer.rows("SELECT text FROM events_raw ORDER BY frame") == [[#"{"op":"mcm"}"#], ["ta"]])
            try await writer.execute("UPDATE raw_frames SET frames = substring(frames FOR octet_length(frames) - 3)")
            #expect(try await writer.rows("SELECT text FROM events_raw ORDER BY frame") == [[#"{"op":"mcm"}"#]])
        }
    }
}
