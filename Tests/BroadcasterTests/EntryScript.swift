import FeedModel

/// Writes a feed's `events` entries by hand, chained as the Processor chains them.
struct EntryScript {
    let feed: FeedName
    private(set) var term = Term(rawValue: 1)
    private(set) var last: FrameNumber = 0
    var receivedAt: Timestamp
    private let seed: UInt64
    /// The number of the very first frame: logs begin somewhere above 0.
    private let firstFrame: FrameNumber

    init(
        feed: FeedName, receivedAt: Timestamp = Timestamp(microseconds: 1_766_414_833_000_000),
        firstFrame: FrameNumber = 1
    ) {
        self.feed = feed
        self.firstFrame = firstFrame
        self.receivedAt = receivedAt
        seed = feed.selectionSeed
    }

    /// One event, with what is usual for the rest.
    enum Event {
        case odds(
            fixture: String, market: String = "1X2", option: String, price: String?, line: String? = nil,
            status: OddsStatus = .open, lay: String? = nil, marketName: String = "", name: String = "")
        case fixture(
            String, status: FixtureStatus = .scheduled, sport: String = "football",
            tournament: String = "Premier League",
            home: String = "Home", away: String = "Away", start: Timestamp? = nil, score: (Int32, Int32)? = nil)
        case settled(fixture: String, market: String = "1X2", option: String, result: SettlementResult)
        case control(ControlEvent)
    }

    /// One entry of so many frames.
    mutating func entry(_ frames: [[Event]]) -> [UInt8] {
        let isControl = frames.count == 1 && frames[0].contains { if case .control = $0 { true } else { false } }
        let header = RawEntryHeader(
            kind: isControl ? .control : .frames, term: term, first: max(last + 1, firstFrame),
            frameCount: max(1, frames.count),
            prev: last, receivedAt: receivedAt)
        var encoder = EventsEntryEncoder(capacity: 4096)
        encoder.begin(header)
        for (offset, events) in frames.enumerated() {
            for (ordinal, event) in events.enumerated() {
                append(event, Position(frame: header.first + FrameNumber(offset), ordinal: ordinal), to: &encoder)
            }
        }
        last = header.last
        return encoder.finish()
    }

    mutating func entry(_ events: Event...) -> [UInt8] { entry([events]) }

    /// A dead letter that was refused `age` frames ago is sent through again.
    mutating func replayed(_ events: Event..., age: FrameNumber) -> [UInt8] {
        let header = RawEntryHeader(
            kind: .control, term: term, first: last + 1, frameCount: 1, prev: last, receivedAt: receivedAt)
        let letter = ReplayedLetter(
            position: Position(frame: header.first - age, ordinal: 1), stage: .processor, receivedAt: receivedAt)
        var encoder = EventsEntryEncoder(capacity: 4096)
        encoder.begin(header, replaying: letter)
        for event in events { append(event, letter.position, to: &encoder) }
        last = header.last
        return encoder.finish()
    }

    /// A new owner begins; what the log holds of the old term ends at `after`.
    mutating func newTerm(after predecessor: FrameNumber? = nil) -> [UInt8] {
        let before = predecessor ?? last
        let started = ControlEvent.termStarted(
            predecessorTerm: term.rawValue, predecessorLast: before, provider: "sportsbook")
        term = Term(rawValue: term.rawValue + 1)
        let header = RawEntryHeader(
            kind: .control, term: term, first: max(last, before) + 1_000, frameCount: 1, prev: before,
            receivedAt: receivedAt)
        var encoder = EventsEntryEncoder(capacity: 4096)
        encoder.begin(header)
        append(.control(started), Position(frame: header.first, ordinal: 0), to: &encoder)
        last = header.last
        return encoder.finish()
    }

    /// Leaves out an entry, as a lost one would.
    mutating func skip() { last += 1 }

    private func append(_ event: Event, _ position: Position, to encoder: inout EventsEntryEncoder) {
        switch event {
        case .odds(
            let fixture, let market, let option, let price, let line, let status, let lay, let marketName, let name):
            let line = line.flatMap { FixedDecimal($0) }
            with(identity(fixture, market, option, line)) { identity in
                with(Array(marketName.utf8)) { marketName in
                    with(Array(name.utf8)) { name in
                        var change = OddsChange()
                        change.position = position
                        change.sourceTime = receivedAt
                        change.status = status
                        change.odd = price.flatMap { FixedDecimal($0) }
                        change.lay = lay.flatMap { FixedDecimal($0) }
                        change.identity = identity
                        change.selectionKey = feed.selectionKey(identity, seed: seed)
                        change.marketName = marketName
                        change.selectionName = name
                        encoder.append(change)
                    }
                }
            }
        case .settled(let fixture, let market, let option, let result):
            with(identity(fixture, market, option, nil)) { identity in
                var settlement = Settlement()
                settlement.position = position
                settlement.sourceTime = receivedAt
                settlement.result = result
                settlement.identity = identity
                settlement.selectionKey = feed.selectionKey(identity, seed: seed)
                encoder.append(settlement)
            }
        case .fixture(let id, let status, let sport, let tournament, let home, let away, let start, let score):
            append(
                texts: [id, sport, tournament, home, away].map { Array($0.utf8) }, status, start, score, position,
                to: &encoder)
        case .control(let control):
            with(control.encoded()) { encoder.append(control: $0, at: position) }
        }
    }

    private func append(
        texts: [[UInt8]], _ status: FixtureStatus, _ start: Timestamp?, _ score: (Int32, Int32)?, _ position: Position,
        to encoder: inout EventsEntryEncoder
    ) {
        let joined = texts.flatMap { $0 }
        joined.withUnsafeBytes { bytes in
            var offset = 0
            let views = texts.map { text in
                defer { offset += text.count }
                return TextView(rebasing: bytes[offset..<offset + text.count])
            }
            var update = FixtureUpdate()
            update.position = position
            update.status = status
            update.startTime = start
            update.fixtureID = views[0]
            update.sportID = views[1]
            update.sport = views[1]
            update.tournamentID = views[2]
            update.tournament = views[2]
            update.homeTeam = views[3]
            update.awayTeam = views[4]
            update.homeScore = score?.0
            update.awayScore = score?.1
            encoder.append(update)
        }
    }

    private func identity(_ fixture: String, _ market: String, _ option: String, _ line: FixedDecimal?) -> [UInt8] {
        var identity: [UInt8] = []
        with(Array(fixture.utf8)) { fixture in
            with(Array(market.utf8)) { market in
                with(Array(option.utf8)) { option in
                    SelectionIdentity.append(
                        fixture: fixture, market: market, type: market, option: option, line: line, to: &identity)
                }
            }
        }
        return identity
    }

    private func with(_ bytes: [UInt8], _ body: (TextView) -> Void) { bytes.withUnsafeBytes { body($0) } }
}
