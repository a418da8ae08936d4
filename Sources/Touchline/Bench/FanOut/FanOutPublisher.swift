import FeedModel
import RedisStreams
import Telemetry

/// Appends entries of `events` as a Processor would: each changes the prices of two selections of one fixture.
struct FanOutPublisher: ~Copyable {
    private let feed: FeedName
    private let streams: StreamNames
    private let redis: RedisConnection
    private let selections: [(identity: [UInt8], key: UInt64)]
    private let term = Term(rawValue: 1)
    private var last: FrameNumber = 0
    private var changes: Int64 = 0

    init(feed: FeedName, redis: RedisConnection) {
        self.feed = feed
        self.redis = redis
        streams = StreamNames(feed: feed)
        selections = ["home", "away"].map { option in
            var identity: [UInt8] = []
            Self.with("fx-1", "match_odds", option) { fixture, market, option in
                SelectionIdentity.append(
                    fixture: fixture, market: market, type: market, option: option, line: nil, to: &identity)
            }
            return (identity, identity.withUnsafeBytes { feed.selectionKey($0, seed: feed.selectionSeed) })
        }
    }

    /// Begins the feed: a term, a snapshot, and from then on it is up.
    mutating func begin() async throws {
        for event in [
            ControlEvent.termStarted(predecessorTerm: 0, predecessorLast: 0, provider: "bench"), .snapshotBegan,
        ] { try await append(control: event) }
        try await publish(1)
        try await append(control: .snapshotEnded)
        try await append(control: .stateChanged(state: .live, why: "bench"))
    }

    /// Says that the feed is there although nothing changes.
    mutating func keepAlive() async throws { try await append(control: .keepalive(state: .live)) }

    /// So many changes, an entry each, in one round trip.
    mutating func publish(_ count: Int) async throws {
        var entries: [StreamEntry] = []
        for _ in 0..<count {
            let header = header(.frames)
            var encoder = EventsEntryEncoder(capacity: 512)
            encoder.begin(header)
            changes += 1
            for (ordinal, selection) in selections.enumerated() {
                selection.identity.withUnsafeBytes { identity in
                    var change = OddsChange()
                    change.position = Position(frame: header.first, ordinal: ordinal)
                    change.sourceTime = header.receivedAt
                    change.status = .open
                    change.odd = FixedDecimal(scaled: 15_000 + changes % 5_000)
                    change.identity = identity
                    change.selectionKey = selection.key
                    encoder.append(change)
                }
            }
            entries.append(StreamEntry(id: StreamID(UInt64(header.first)), payload: encoder.finish()))
        }
        guard try await redis.append(to: streams.events, entries) == .appended else {
            throw CommandFailure(description: "Redis did not take the entries of the benchmark")
        }
    }

    private mutating func append(control event: ControlEvent) async throws {
        let header = header(.control)
        var encoder = EventsEntryEncoder(capacity: 512)
        encoder.begin(header)
        event.encoded().withUnsafeBytes {
            encoder.append(control: $0, at: Position(frame: header.first, ordinal: 0))
        }
        _ = try await redis.command([
            "XADD", RedisArgument(streams.events), RedisArgument("\(header.first)-0"), "e",
            RedisArgument(encoder.finish()),
        ])
    }

    private mutating func header(_ kind: RawEntryHeader.Kind) -> RawEntryHeader {
        defer { last += 1 }
        return RawEntryHeader(
            kind: kind, term: term, first: last + 1, frameCount: 1, prev: last, receivedAt: WallClock.now)
    }

    private static func with(
        _ fixture: String, _ market: String, _ option: String,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        Array(fixture.utf8).withUnsafeBytes { fixture in
            Array(market.utf8).withUnsafeBytes { market in
                Array(option.utf8).withUnsafeBytes { body(fixture, market, $0) }
            }
        }
    }
}
