import FeedJSON
import FeedModel

/// What the messages of one sportsbook feed mean, given those before them.
struct SportsbookMessages: ~Copyable {
    private static let version: UInt8 = 1
    private static let maximumSelections = 262_144
    private static let maximumFixtures = 32_768

    private var reader = MessageReader<SportsbookField>()
    private var offerReader = MessageReader<SportsbookField>()
    private let rules = SportsbookRules()
    private let types = SportsbookTypes()
    private let identities: IdentityBuilder
    private var book: OfferBook
    private var offers: [Offer] = []
    /// The `seq` of the last live message; nil before the first and while a snapshot is under way.
    private var lastSequence: Int64?
    private var isInSnapshot = false

    /// One price of a whole market.
    private struct Offer {
        let option: TextView
        let odd: FixedDecimal?
        let status: OddsStatus
    }

    init(feed: FeedName) {
        identities = IdentityBuilder(feed: feed)
        book = OfferBook(
            feed: feed, maximumSelections: Self.maximumSelections, maximumFixtures: Self.maximumFixtures)
    }

    // MARK: Entries

    /// Decodes the frames of one entry.
    mutating func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, with scanner: JSONScanner,
        into output: inout DecodeOutput
    ) throws(EntryError) {
        book.use = header.last
        defer { settleUp(&output) }
        var place = MessagePlace(header, clockSlack: output.clockSlack)
        for index in 0..<header.frameCount {
            let frame = try RawEntry.frame(&frames).bytes
            place.frame = header.first + FrameNumber(index)
            place.ordinal = 0
            do throws(Refusal) {
                try decode(frame: frame, with: scanner, &place, &output)
            } catch {
                output.counters.messages += 1
                output.refuse(error, frame, at: place.position, receivedAt: header.receivedAt)
            }
        }
    }

    /// Decodes one frame. What is thrown refuses the whole of it.
    @inline(__always)
    private mutating func decode(
        frame: UnsafeRawBufferPointer, with scanner: JSONScanner, _ place: inout MessagePlace,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        let document = try scanner.frame(frame)
        guard case .array = document.token.pointee.kind else { return decode(document, at: place, into: &output) }
        try FrameLimits.check(elementsOf: document)
        for message in document.elements {
            decode(message, at: place, into: &output)
            place.ordinal += 1
        }
    }

    private mutating func settleUp(_ output: inout DecodeOutput) {
        book.settleUp()
        let counts = book.takeCounts()
        output.counters.unchanged += counts.unchanged
        output.counters.evicted += counts.evictions
    }

    // MARK: Messages

    /// Decodes one message. If it is refused, it leaves nothing but its letter.
    mutating func decode(_ message: JSONValue, at place: MessagePlace, into output: inout DecodeOutput) {
        output.counters.messages += 1
        do throws(Refusal) {
            try decodeChecked(message, place, &output)
        } catch {
            output.refuse(error, message.text, at: place.position, receivedAt: place.receivedAt)
        }
    }

    /// Decodes one message and throws what is wrong with it.
    mutating func decodeAlone(
        _ message: JSONValue, at place: MessagePlace, into output: inout DecodeOutput
    ) throws(Refusal) {
        output.counters.messages += 1
        try decodeChecked(message, place, &output)
    }

    @inline(__always)
    private mutating func decodeChecked(
        _ message: JSONValue, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        guard case .object = message.token.pointee.kind else {
            throw Refusal(.badValue, "message is not an object")
        }
        try reader.open(message)
        guard let type = reader.raw(.type) else { throw .missing("type") }
        let kind = types.kind(of: type)
        guard kind.isData else { return try session(kind, type, &output) }
        var context = RuleContext(window: place.window)
        context.isSnapshot = reader.raw(.snapshot).flatMap(ValueReading.flag) ?? false
        guard try isNew(place, &output) else { return output.counters.skipped += 1 }
        switch kind {
        case .oddsChange where reader.raw(.odds) != nil: try marketOdds(context, place, &output)
        case .oddsChange: try oddsChange(context, place, &output)
        case .fixtureUpdate: try fixtureUpdate(context, place, &output)
        case .settlement: try settlement(context, place, &output)
        default: try betPlacement(context, place, &output)
        }
        output.counters.rounded += reader.rounded
    }

    private mutating func session(
        _ kind: SportsbookTypes.Kind, _ type: JSONValue, _ output: inout DecodeOutput
    ) throws(Refusal) {
        if kind == .unknown {
            let name = UnsafeRawBufferPointer(rebasing: type.text.prefix(100)).string
            throw Refusal(.unknownType, "type: \(name) is not known")
        }
        // Live messages go on behind this one; without a snapshot under way it says nothing new.
        if kind == .snapshotComplete, isInSnapshot, let sequence = reader.raw(.seq) {
            lastSequence = ValueReading.natural(sequence)
        }
        output.counters.session += 1
    }

    /// False for what the feed already had: the old part of a frame that is partly new.
    @inline(__always)
    private mutating func isNew(_ place: MessagePlace, _ output: inout DecodeOutput) throws(Refusal) -> Bool {
        guard let value = reader.raw(.seq) else { return true }
        guard let sequence = ValueReading.natural(value) else {
            throw .bad("seq", value.text, ValueForm.sequence.expectation)
        }
        if let lastSequence, sequence <= lastSequence { return false }
        lastSequence = sequence
        output.events.note(sequence: sequence, at: place.position)
        return true
    }

    // MARK: Odds

    @inline(__always)
    private func identity(option: TextView) -> UnsafeRawBufferPointer {
        identities.build(
            fixture: reader.text(.fixtureID), market: reader.text(.marketID), type: reader.text(.marketType),
            option: option, line: reader.decimal(.line))
    }

    @inline(__always)
    private mutating func oddsChange(
        _ context: RuleContext, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try reader.check(rules.oddsChange, in: context)
        var event = OddsChange()
        event.position = place.position
        event.sourceTime = reader.time(.timestamp)
        event.isSnapshot = context.isSnapshot
        event.status = reader.code(.status) ?? .open
        event.odd = reader.decimal(.oddValue)
        event.identity = identity(option: reader.text(.optionID))
        put(&event, &output)
    }

    /// Completes an event from the book, and the book from it.
    @inline(__always)
    private mutating func put(_ event: inout OddsChange, _ output: inout DecodeOutput) {
        event.selectionKey = identities.key(event.identity)
        book.offer(event.identity, key: event.selectionKey, odd: event.odd, status: event.status)
        event.isInPlay = book.isInPlay(fixture: reader.text(.fixtureID))
        output.counters.odds += 1
        output.events.append(event)
    }

    private mutating func marketOdds(
        _ context: RuleContext, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try reader.check(rules.marketOdds, in: context)
        try readOffers(context)
        var event = OddsChange()
        event.position = place.position
        event.sourceTime = reader.time(.timestamp)
        event.isSnapshot = context.isSnapshot
        event.marketStatus = reader.code(.status)
        event.overround = overround
        for offer in offers {
            event.status = offer.status
            event.odd = offer.odd
            event.identity = identity(option: offer.option)
            put(&event, &output)
        }
    }

    /// Everything is checked before anything is put: one bad price refuses its message.
    private mutating func readOffers(_ context: RuleContext) throws(Refusal) {
        offers.removeAll(keepingCapacity: true)
        guard let list = reader.raw(.odds) else { throw .missing("odds") }
        var context = context
        context.status = reader.code(.status) ?? .open
        var rounded = 0
        for row in list.elements {
            guard row.kind == .object else { throw .bad("odds", row.text, "a list of objects") }
            guard offers.count < SportsbookTypes.maximumOffers else {
                throw Refusal(.tooLarge, "odds has more than \(SportsbookTypes.maximumOffers) selections")
            }
            try offerReader.open(row)
            try offerReader.check(rules.offer, in: context)
            rounded += offerReader.rounded
            let offer = Offer(
                option: offerReader.text(.optionID), odd: offerReader.decimal(.oddValue),
                status: offerReader.code(.status) ?? context.status)
            // A selection that is named twice is merged: the later price counts.
            if let earlier = offers.firstIndex(where: { $0.option.isEqual(to: offer.option) }) {
                offers[earlier] = offer
            } else {
                offers.append(offer)
            }
        }
        if offers.isEmpty { throw .bad("odds", list.text, "a list of prices") }
        reader.countRounded(rounded)
    }

    /// Of the offers that are open.
    private var overround: FixedDecimal? {
        var sum = Overround()
        for offer in offers where offer.status == .open { offer.odd.map { sum.add($0) } }
        return sum.value
    }

    // MARK: Other messages

    private mutating func fixtureUpdate(
        _ context: RuleContext, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try reader.check(rules.fixtureUpdate, in: context)
        var event = FixtureUpdate()
        event.position = place.position
        event.sourceTime = reader.time(.timestamp)
        event.isSnapshot = context.isSnapshot
        event.status = reader.code(.status) ?? .scheduled
        event.startTime = reader.time(.startTime)
        event.homeScore = reader.number(.homeScore).map(Int32.init(truncatingIfNeeded:))
        event.awayScore = reader.number(.awayScore).map(Int32.init(truncatingIfNeeded:))
        event.fixtureID = reader.text(.fixtureID)
        event.sportID = reader.text(.sportID)
        event.sport = reader.text(.sport)
        event.tournamentID = reader.text(.tournamentID)
        event.tournament = reader.text(.tournament)
        event.homeTeam = reader.text(.homeTeam)
        event.awayTeam = reader.text(.awayTeam)
        book.update(&event)
        output.counters.fixtures += 1
        output.events.append(event)
    }

    private mutating func settlement(
        _ context: RuleContext, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try reader.check(rules.settlement, in: context)
        guard let result = reader.code(.result, SettlementResult.self) else { throw .missing("result") }
        var event = Settlement()
        event.position = place.position
        event.sourceTime = reader.time(.timestamp)
        event.isSnapshot = context.isSnapshot
        event.result = result
        event.identity = identity(option: reader.text(.optionID))
        event.selectionKey = identities.key(event.identity)
        book.settle(event.identity, key: event.selectionKey)
        output.counters.settlements += 1
        output.events.append(event)
    }

    private mutating func betPlacement(
        _ context: RuleContext, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try reader.check(rules.betPlacement, in: context)
        guard let status = reader.code(.status, BetStatus.self), let amount = reader.decimal(.amount),
            let odd = reader.decimal(.odd), let potentialWin = reader.decimal(.potentialWin)
        else { throw .missing("status") }
        var event = BetPlacement()
        event.position = place.position
        event.sourceTime = reader.time(.timestamp)
        event.isSnapshot = context.isSnapshot
        event.status = status
        event.amount = amount
        event.odd = odd
        event.potentialWin = potentialWin
        event.betID = reader.text(.betID)
        event.userID = reader.text(.userID)
        event.currency = reader.text(.currency)
        event.identity = identity(option: reader.text(.optionID))
        event.selectionKey = identities.key(event.identity)
        output.counters.bets += 1
        output.events.append(event)
    }
}

extension SportsbookMessages {
    // MARK: Snapshots

    /// The sequence may start anywhere after a snapshot.
    mutating func snapshotBegan() {
        isInSnapshot = true
        lastSequence = nil
        book.snapshotBegan()
    }

    mutating func snapshotEnded(at place: MessagePlace, into output: inout DecodeOutput) {
        guard isInSnapshot else { return }
        isInSnapshot = false
        let position = place.position
        var closed = 0
        book.closeUnseen { identity, key in
            var event = OddsChange()
            event.position = position
            event.status = .closed
            event.isSnapshot = true
            event.identity = identity
            event.selectionKey = key
            output.events.append(event)
            closed += 1
        }
        book.finishUnseen { event in
            var event = event
            event.position = position
            event.isSnapshot = true
            output.events.append(event)
            output.counters.fixtures += 1
        }
        output.counters.odds += closed
        output.counters.closed += closed
    }

    // MARK: Checkpoint

    func checkpoint() -> [UInt8] {
        var writer = CheckpointWriter(version: Self.version)
        writer.put(lastSequence)
        writer.put(isInSnapshot)
        book.save(to: &writer)
        return writer.bytes
    }

    /// What `checkpoint` gave, into a new value.
    mutating func restore(_ checkpoint: [UInt8]) throws(CheckpointError) {
        try CheckpointReader.read(checkpoint, version: Self.version) { (reader) throws(CheckpointError) in
            lastSequence = try reader.optional("sequence")
            isInSnapshot = try reader.flag("snapshot")
            try book.restore(from: &reader)
        }
    }
}
