import FeedModel
import RedisStreams

/// Builds entries of `events` as a Processor would: contiguous frames of one term, each entry after the one before.
struct SampleEntries {
    private var term = Term(rawValue: 77)
    private var resumed: ResumedTerm?
    private var next: FrameNumber
    private var last: FrameNumber
    private var receivedAt: Timestamp

    /// - Parameter first: the first entry's frame; its predecessor is unknown.
    init(first: FrameNumber = 1_000, receivedAt: Timestamp = WallClock.now) {
        next = first
        last = 0
        self.receivedAt = receivedAt
    }

    /// One entry of `frames` frames; `fill` appends its events and is told its first frame.
    mutating func entry(
        frames: Int = 1, control: Bool = false, sequence: Int64 = 0, replaying letter: ReplayedLetter? = nil,
        _ fill: (inout EventsEntryEncoder, FrameNumber) -> Void
    ) -> StreamEntry {
        var encoder = EventsEntryEncoder()
        let header = RawEntryHeader(
            kind: control ? .control : .frames, term: term, first: next, frameCount: frames, prev: last,
            receivedAt: receivedAt)
        encoder.begin(header, replaying: letter, resumed: control ? nil : resumed)
        encoder.note(sequence: sequence, at: Position(frame: next, ordinal: 0))
        fill(&encoder, next)
        last = header.last
        next = header.last + 1
        receivedAt = receivedAt + .milliseconds(1)
        return StreamEntry(id: StreamID(UInt64(header.first)), payload: encoder.finish())
    }

    /// Entries of one frame with five prices each.
    mutating func priced(_ count: Int) -> [StreamEntry] {
        (0..<count).map { index in
            entry { encoder, frame in
                for ordinal in 0..<5 {
                    encoder.price(
                        "2", of: SampleSelection(option: "o-\((index + ordinal) % 11)"),
                        at: Position(frame: frame, ordinal: ordinal))
                }
            }
        }
    }

    /// Goes on as another owner that found the log ended at `behind`, where the provider had counted to `sequence`.
    mutating func resume(
        behind: FrameNumber, since: FrameNumber? = nil, sequence: Int64, term: UInt64 = 78
    ) -> StreamEntry {
        self.term = Term(rawValue: term)
        next += 1_000
        last = behind
        resumed = ResumedTerm(first: next, behind: behind, since: since, sequence: sequence)
        return control(.termStarted(predecessorTerm: 77, predecessorLast: behind, provider: "sportsbook"))
    }

    mutating func control(_ event: ControlEvent) -> StreamEntry {
        entry(control: true) { encoder, frame in
            event.encoded().withUnsafeBytes { encoder.append(control: $0, at: Position(frame: frame, ordinal: 0)) }
        }
    }

    /// Leaves frames out, as if their entries had been lost.
    mutating func skip(_ frames: FrameNumber) {
        last += frames
        next += frames
    }

    /// What follows was begun by somebody who found an empty stream.
    mutating func forget() {
        next += 1_000
        last = 0
    }
}

/// A selection by words, and its identity bytes.
struct SampleSelection: Sendable {
    var fixture = "fixture-1"
    var market = "market-1"
    var type = "1x2"
    var option = "home"
    var line: FixedDecimal?

    var identity: [UInt8] {
        var bytes: [UInt8] = []
        Self.bytes(fixture) { fixture in
            Self.bytes(market) { market in
                Self.bytes(type) { type in
                    Self.bytes(option) { option in
                        SelectionIdentity.append(
                            fixture: fixture, market: market, type: type, option: option, line: line, to: &bytes)
                    }
                }
            }
        }
        return bytes
    }

    static func bytes(_ text: String, _ body: (TextView) -> Void) {
        Array(text.utf8).withUnsafeBytes { body($0) }
    }
}

extension EventsEntryEncoder {
    mutating func price(
        _ odd: String?, of selection: SampleSelection = SampleSelection(), at position: Position,
        status: OddsStatus = .open,
        marketStatus: OddsStatus? = nil, sourceTime: Timestamp? = nil, marketName: String = "",
        selectionName: String = ""
    ) {
        let identity = selection.identity
        let names = (Array(marketName.utf8), Array(selectionName.utf8))
        identity.withUnsafeBytes { identity in
            names.0.withUnsafeBytes { market in
                names.1.withUnsafeBytes { name in
                    var event = OddsChange()
                    event.position = position
                    event.sourceTime = sourceTime
                    event.status = status
                    event.marketStatus = marketStatus
                    event.odd = odd.flatMap { FixedDecimal($0) }
                    event.marketName = market
                    event.selectionName = name
                    event.identity = identity
                    event.selectionKey = StableHash.hash(identity, seed: 11)
                    append(event)
                }
            }
        }
    }

    mutating func settle(
        _ result: SettlementResult, of selection: SampleSelection = SampleSelection(), at position: Position
    ) {
        selection.identity.withUnsafeBytes { identity in
            var event = Settlement()
            event.position = position
            event.result = result
            event.identity = identity
            event.selectionKey = StableHash.hash(identity, seed: 11)
            append(event)
        }
    }

    mutating func fixture(
        _ id: String = "fixture-1", status: FixtureStatus, score: (Int32, Int32)? = nil, home: String = "Home",
        at position: Position
    ) {
        let texts = (Array(id.utf8), Array(home.utf8))
        texts.0.withUnsafeBytes { id in
            texts.1.withUnsafeBytes { home in
                var event = FixtureUpdate()
                event.position = position
                event.status = status
                event.homeScore = score?.0
                event.awayScore = score?.1
                event.fixtureID = id
                event.homeTeam = home
                append(event)
            }
        }
    }

    mutating func bet(
        _ id: String, user: String = "user-1", status: BetStatus = .placed, side: BetSide = .back,
        amount: String = "10",
        of selection: SampleSelection = SampleSelection(), at position: Position
    ) {
        let texts = (Array(id.utf8), Array(user.utf8), Array("EUR".utf8))
        selection.identity.withUnsafeBytes { identity in
            texts.0.withUnsafeBytes { id in
                texts.1.withUnsafeBytes { user in
                    texts.2.withUnsafeBytes { currency in
                        var event = BetPlacement()
                        event.position = position
                        event.status = status
                        event.side = side
                        event.amount = FixedDecimal(amount) ?? .one
                        event.odd = .one
                        event.potentialWin = event.amount
                        event.betID = id
                        event.userID = user
                        event.currency = currency
                        event.identity = identity
                        event.selectionKey = StableHash.hash(identity, seed: 11)
                        append(event)
                    }
                }
            }
        }
    }
}
