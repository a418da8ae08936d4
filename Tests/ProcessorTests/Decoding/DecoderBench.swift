import FeedModel

@testable import Processor

/// A decoder with frames put before it one entry at a time, and what came of them.
final class DecoderBench {
    /// What one entry became.
    struct Outcome {
        let payload: [UInt8]
        let header: EventsEntryHeader
        let events: [DecodedEvent]
        let letters: [DeadLetter]
        let counters: DecodeCounters

        var odds: [DecodedOdds] { events.compactMap { if case .odds(let odds) = $0 { odds } else { nil } } }
        var fixtures: [DecodedFixture] { events.compactMap { if case .fixture(let event) = $0 { event } else { nil } } }
        var settlements: [DecodedSettlement] {
            events.compactMap { if case .settlement(let event) = $0 { event } else { nil } }
        }
        var bets: [DecodedBet] { events.compactMap { if case .bet(let event) = $0 { event } else { nil } } }
        var reasons: [DeadLetterReason] { letters.map(\.reason) }
    }

    static let receivedAt = Timestamp(milliseconds: 1_763_719_200_000)

    private(set) var decoder: any FeedDecoder
    private(set) var nextFrame: FrameNumber = 1_000
    private var output = DecodeOutput()

    init(_ decoder: any FeedDecoder) { self.decoder = decoder }

    static func sportsbook() throws -> DecoderBench { DecoderBench(SportsbookDecoder(feed: try feed())) }
    static func betfair() throws -> DecoderBench { DecoderBench(BetfairDecoder(feed: try feed())) }

    static func polymarket() throws -> DecoderBench { DecoderBench(PolymarketDecoder(feed: try feed())) }
    static func kalshi() throws -> DecoderBench { DecoderBench(KalshiDecoder(feed: try feed())) }

    struct NoFeedName: Error {}

    static func feed() throws -> FeedName {
        guard let feed = FeedName("test-feed") else { throw NoFeedName() }
        return feed
    }

    /// Another bench whose decoder goes on from this one's checkpoint.
    func restored() throws -> DecoderBench {
        let bench = DecoderBench(
            try type(of: decoder).init(feed: DecoderBench.feed(), restoring: decoder.checkpoint()))
        bench.nextFrame = nextFrame
        return bench
    }

    /// Decodes frames as one entry.
    @discardableResult
    func decode(_ frames: [[UInt8]], receivedAt: Timestamp = DecoderBench.receivedAt) throws -> Outcome {
        let header = header(.frames, count: frames.count, receivedAt)
        var payload: [UInt8] = []
        RawEntry.append(header, to: &payload)
        for frame in frames { frame.withUnsafeBytes { RawEntry.append(frame: $0, to: &payload) } }
        let length = payload.count
        payload += [UInt8](repeating: UInt8(ascii: "7"), count: RawEntry.readableSlack)
        output.begin(header)
        try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            _ = try RawEntry.header(&cursor)
            try decoder.decode(entry: header, frames: &cursor, into: &output)
        }
        return try finish()
    }

    @discardableResult
    func decode(_ frames: String...) throws -> Outcome { try decode(frames.map { Array($0.utf8) }) }

    @discardableResult
    func apply(_ control: ControlEvent) throws -> Outcome {
        let header = header(.control, count: 1, Self.receivedAt)
        output.begin(header)
        decoder.apply(control, header: header, into: &output)
        return try finish()
    }

    private func header(_ kind: RawEntryHeader.Kind, count: Int, _ receivedAt: Timestamp) -> RawEntryHeader {
        defer { nextFrame += FrameNumber(count) }
        return RawEntryHeader(
            kind: kind, term: Term(rawValue: 1), first: nextFrame, frameCount: count, prev: nextFrame - 1,
            receivedAt: receivedAt)
    }

    private func finish() throws -> Outcome {
        let payload = output.events.finish()
        var events: [DecodedEvent] = []
        let header = try payload.withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            while let event = try reader.next() { events.append(DecodedEvent(event)) }
            return reader.header
        }
        return Outcome(
            payload: payload, header: header, events: events, letters: output.letters, counters: output.takeCounters())
    }
}
