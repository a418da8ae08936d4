import FeedModel
import Foundation
import Testing

@Suite struct RawEntryTests {
    private let header = RawEntryHeader(
        kind: .frames, term: Term(rawValue: 77), first: 1_000, frameCount: 2, prev: 999,
        receivedAt: Timestamp(microseconds: 5), requestsHandled: RequestID(milliseconds: 3, sequence: 1),
        resumeToken: Array("odds#12".utf8))

    private func payload() -> [UInt8] {
        var payload: [UInt8] = []
        RawEntry.append(header, to: &payload)
        for text in ["{\"a\":1}", ""] { Array(text.utf8).withUnsafeBytes { RawEntry.append(frame: $0, to: &payload) } }
        return payload
    }

    @Test func readsWhatWasWritten() throws {
        let payload = payload()
        #expect(try RawEntry.header(of: payload) == header)
        let frames = try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            _ = try RawEntry.header(&cursor)
            return try (0..<2).map { _ in try RawEntry.frame(&cursor).bytes.string }
        }
        #expect(frames == ["{\"a\":1}", ""])
    }

    @Test func anyCutIsAnErrorAndNeverACrash() {
        let payload = payload()
        for length in 0..<payload.count {
            let cut = Array(payload[..<length])
            #expect(throws: EntryError.self) {
                try cut.withUnsafeBytes { bytes in
                    var cursor = ByteCursor(bytes)
                    let header = try RawEntry.header(&cursor)
                    for _ in 0..<header.frameCount { _ = try RawEntry.frame(&cursor) }
                }
            }
        }
    }

    @Test func anUnknownVersionIsNamed() {
        var payload = payload()
        payload[0] = 9
        #expect(throws: EntryError.unknownVersion(9)) { try RawEntry.header(of: payload) }
    }
}

@Suite struct EventsEntryTests {
    private let raw = RawEntryHeader(
        kind: .frames, term: Term(rawValue: 5), first: 200_000_000_000_000, frameCount: 64, prev: 199_999_999_999_999,
        receivedAt: Timestamp(microseconds: 1_795_253_400_000_000))

    private func entry() -> [UInt8] {
        var encoder = EventsEntryEncoder(capacity: 128)
        encoder.begin(raw)
        encoder.note(sequence: 12, at: Position(frame: raw.first, ordinal: 0))
        encoder.note(sequence: 9, at: Position(frame: raw.first, ordinal: 1))
        var identity: [UInt8] = []
        let id = Array("fx".utf8)
        id.withUnsafeBytes {
            SelectionIdentity.append(
                fixture: $0, market: $0, type: $0, option: $0, line: FixedDecimal("2.5"), to: &identity)
        }
        identity.withUnsafeBytes { identity in
            for ordinal in 0..<200 {
                var odds = OddsChange()
                odds.position = Position(frame: raw.first + 63, ordinal: ordinal)
                odds.sourceTime = ordinal % 2 == 0 ? Timestamp(microseconds: 42) : nil
                odds.status = .suspended
                odds.isInPlay = true
                odds.odd = FixedDecimal(scaled: Int64(ordinal))
                odds.laySize = FixedDecimal("7.25")
                odds.identity = identity
                odds.selectionKey = 99
                encoder.append(odds)
            }
        }
        id.withUnsafeBytes { text in
            var fixture = FixtureUpdate()
            fixture.position = Position(frame: raw.first + 1, ordinal: 3)
            fixture.isSnapshot = true
            fixture.fixtureID = text
            fixture.awayTeam = text
            fixture.homeScore = 2
            encoder.append(fixture)
            encoder.append(control: text, at: Position(frame: raw.first, ordinal: 0))
        }
        return encoder.finish()
    }

    @Test func readsWhatWasWritten() throws {
        try entry().withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            #expect(reader.header.eventCount == 202)
            #expect((reader.header.firstSequence, reader.header.lastSequence) == (9, 12))
            for ordinal in 0..<200 {
                guard case .oddsChange(let odds) = try reader.next() else { Issue.record("no odds"); return }
                #expect(odds.position == Position(frame: raw.first + 63, ordinal: ordinal))
                #expect((odds.sourceTime == nil) == (ordinal % 2 == 1))
                #expect(odds.odd == FixedDecimal(scaled: Int64(ordinal)))
                #expect(odds.lay == nil)
                #expect(odds.laySize == FixedDecimal("7.25"))
                #expect(odds.isInPlay && !odds.isSnapshot && odds.status == .suspended)
                #expect(SelectionIdentity(viewing: odds.identity).line == FixedDecimal("2.5"))
            }
            guard case .fixtureUpdate(let fixture) = try reader.next() else { Issue.record("no fixture"); return }
            #expect(fixture.fixtureID.string == "fx" && fixture.awayTeam.string == "fx" && fixture.homeTeam.isEmpty)
            #expect(fixture.homeScore == 2 && fixture.awayScore == nil && fixture.isSnapshot)
            guard case .control(_, let body) = try reader.next() else { Issue.record("no control"); return }
            #expect(body.string == "fx")
            #expect(try reader.next() == nil)
        }
    }

    /// Frames with one message, with many, with none, and jumps: each message's sequence can be told from the entry.
    @Test func entriesOfAResumedTermTellEachSequence() throws {
        let term = ResumedTerm(first: raw.first - 9, behind: raw.first - 1_000, since: raw.first - 5_000, sequence: 7)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var encoder = EventsEntryEncoder()
            encoder.begin(raw, resumed: term)
            var sequence = Int64.random(in: 8...20, using: &random)
            var told: [(place: Position, sequence: Int64)] = []
            for frame in raw.first..<raw.first + 64 {
                let isUsual = Int.random(in: 0...9, using: &random) < 8
                for ordinal in 0..<(isUsual ? 1 : Int.random(in: 0...5, using: &random)) {
                    let place = Position(frame: frame, ordinal: ordinal)
                    encoder.note(sequence: sequence, at: place)
                    told.append((place, sequence))
                    sequence += Int.random(in: 0...40, using: &random) == 0 ? 3 : 1
                }
            }
            try encoder.finish().withUnsafeBytes { bytes in
                var reader = try EventsEntryReader(bytes)
                #expect(reader.header.resumed == term)
                var notes: [(Int64, Position)] = []
                while let event = try reader.next() {
                    if case .sequence(let sequence, let place) = event { notes.append((sequence, place)) }
                }
                var count = SequenceCount(from: raw.first, sequence: reader.header.firstSequence)
                for message in told {
                    while let next = notes.first, next.1 <= message.place {
                        count.note(next.0, at: next.1)
                        notes.removeFirst()
                    }
                    #expect(count.sequence(at: message.place) == message.sequence)
                }
            }
        }
    }

    @Test func oneMessageAFrameTakesNoNotes() throws {
        var encoder = EventsEntryEncoder()
        encoder.begin(raw, resumed: ResumedTerm(first: 1, behind: 0, sequence: 0))
        for offset in Int64(0)..<64 {
            encoder.note(sequence: 100 + offset, at: Position(frame: raw.first + offset, ordinal: 0))
        }
        #expect(try EventsEntryHeader(decoding: encoder.finish()).eventCount == 0)
    }

    @Test func aReplayedLetterKeepsItsPlace() throws {
        let letter = ReplayedLetter(
            position: Position(frame: raw.first - 1 << 40, ordinal: 8_191), stage: .writer,
            receivedAt: Timestamp(microseconds: 7))
        var encoder = EventsEntryEncoder()
        encoder.begin(raw, replaying: letter)
        encoder.note(sequence: 12, at: letter.position)
        var odds = OddsChange()
        odds.position = letter.position
        let identity = [UInt8](repeating: 0, count: 5)
        identity.withUnsafeBytes {
            odds.identity = $0
            encoder.append(odds)
        }
        let payload = encoder.finish()
        try payload.withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            #expect(reader.header.letter == letter && reader.header.first == raw.first)
            #expect(reader.header.lastSequence == 0, "the provider's numbers are told once")
            guard case .oddsChange(let read) = try reader.next() else { Issue.record("no odds"); return }
            #expect(read.position == letter.position)
        }
        for length in 0..<payload.count {
            #expect(throws: EntryError.self) {
                try payload.prefix(length).withUnsafeBytes { bytes in
                    var reader = try EventsEntryReader(bytes)
                    while try reader.next() != nil {}
                }
            }
        }
    }

    @Test(arguments: BetSide.allCases, [true, false]) func aBetKeepsItsSide(_ side: BetSide, _ isSnapshot: Bool) throws
    {
        var encoder = EventsEntryEncoder(capacity: 64)
        encoder.begin(raw)
        var bet = BetPlacement()
        bet.position = Position(frame: raw.first, ordinal: 1)
        bet.side = side
        bet.isSnapshot = isSnapshot
        let identity = [UInt8](repeating: 0, count: 5)
        identity.withUnsafeBytes { identity in
            bet.identity = identity
            encoder.append(bet)
        }
        try encoder.finish().withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            guard case .betPlacement(let read) = try reader.next() else { Issue.record("no bet"); return }
            #expect(read.side == side && read.isSnapshot == isSnapshot && read.position == bet.position)
        }
    }

    @Test func anyCutIsAnErrorAndNeverACrash() {
        let entry = entry()
        for length in stride(from: 0, to: entry.count, by: 7) {
            #expect(throws: EntryError.self) {
                try Array(entry[..<length]).withUnsafeBytes { bytes in
                    var reader = try EventsEntryReader(bytes)
                    while try reader.next() != nil {}
                }
            }
        }
    }
}

@Suite struct LongNameTests {
    @Test func aNameTooLongForItsLengthByteIsCutBetweenCharacters() throws {
        let name = Array(String(repeating: "ü", count: 200).utf8)
        var encoder = EventsEntryEncoder()
        encoder.begin(
            RawEntryHeader(
                kind: .frames, term: .none, first: 1, frameCount: 1, prev: 0, receivedAt: Timestamp(microseconds: 1)))
        var identity: [UInt8] = []
        SelectionIdentity.append(
            fixture: .empty, market: .empty, type: .empty, option: .empty, line: nil, to: &identity)
        name.withUnsafeBytes { name in
            identity.withUnsafeBytes { identity in
                var odds = OddsChange()
                odds.position = Position(frame: 1, ordinal: 0)
                odds.identity = identity
                odds.marketName = name
                odds.selectionName = name
                encoder.append(odds)
            }
        }
        try encoder.finish().withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            guard case .oddsChange(let odds) = try reader.next() else {
                Issue.record("no odds")
                return
            }
            #expect(odds.marketName.string == String(repeating: "ü", count: 127))
            #expect(odds.selectionName.count == 254)
        }
    }
}

@Suite struct SmallPayloadTests {
    @Test func aDeadLetterSurvivesItsCodec() throws {
        let letter = DeadLetter(
            position: Position(frame: 7, ordinal: 2), stage: .processor, reason: .badValue, detail: "odd_value is 'x'",
            payload: [1, 2, 3], receivedAt: Timestamp(microseconds: 9), deliveries: 3)
        #expect(try DeadLetter(decoding: letter.encoded()) == letter)
    }

    @Test(arguments: [
        ControlEvent.termStarted(predecessorTerm: .max, predecessorLast: 12, provider: "sportsbook"),
        .stateChanged(state: .live, why: "resumed"), .resumed(fromSequence: nil), .snapshotBegan,
        .gap(.init(kind: .sequence, fromSequence: 3, toSequence: 9, cause: "jump")), .keepalive(state: .backoff),
        .letterReplayed(position: 5, stage: 1, receivedAt: 6, payload: Data([0, 255])),
        .letterRefused(position: 5, stage: 1, reason: 4, detail: "odd_value: \"x\""),
    ])
    func aControlEventSurvivesItsCodec(event: ControlEvent) throws {
        #expect(try event.encoded().withUnsafeBytes { try ControlEvent(decoding: $0) } == event)
    }

    @Test func codesAreNamedInSnakeCase() {
        #expect(DeadLetterReason.malformedJSON.name == "malformed_json")
        #expect(BetStatus.cashedOut.name == "cashed_out")
        #expect(OddsStatus(name: "suspended") == .suspended)
        #expect(SettlementResult(name: "lost ") == nil)
    }
}
