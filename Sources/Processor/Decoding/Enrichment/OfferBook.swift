import FeedModel

/// What a feed of single prices has on offer: its fixtures and its selections, bounded, with what odds need from them.
struct OfferBook: ~Copyable {
    private var selections: KeyedTable<SelectionState>
    private var fixtures: KeyedTable<FixtureState>
    /// Counts snapshots; what was seen in or after the last one bears its number.
    private var generation: UInt32 = 0
    private var pending = PendingOffers()
    /// Grows with the feed: what was used last is forgotten last.
    var use: Int64 = 0
    private var unchanged = 0
    private var evictions = 0

    init(feed: FeedName, maximumSelections: Int, maximumFixtures: Int) {
        selections = KeyedTable(maximum: maximumSelections, seed: feed.selectionSeed)
        fixtures = KeyedTable(maximum: maximumFixtures, seed: feed.selectionSeed)
    }

    // MARK: Odds

    /// Takes a selection's price. The book learns of it in `settleUp`, together with others: what it has to look at is
    /// spread over memory, and waiting for one place at a time would take longer than all the rest of decoding.
    @inline(__always)
    mutating func offer(_ identity: UnsafeRawBufferPointer, key: UInt64, odd: FixedDecimal?, status: OddsStatus) {
        if pending.isFull(adding: identity.count) { settleUp() }
        pending.add(identity, key: key, odd: odd, status: status)
    }

    /// Enters the prices taken since the last time.
    mutating func settleUp() {
        guard pending.count > 0 else { return }
        for index in 0..<pending.count { pending.entries[index] = selections.firstEntry(pending.offers[index].key) }
        var warmth: UInt64 = 0
        for index in 0..<pending.count { warmth ^= selections.hash(atEntry: pending.entries[index]) }
        for index in 0..<pending.count { warmth ^= UInt64(selections.firstByte(atEntry: pending.entries[index])) }
        pending.warmth = warmth
        for index in 0..<pending.count { enter(pending.offers[index], pending.identity(index)) }
        pending.removeAll()
    }

    @inline(__always)
    private mutating func enter(_ offer: PendingOffers.Offer, _ identity: UnsafeRawBufferPointer) {
        let state = SelectionState(odd: offer.odd, status: offer.status, generation: generation)
        let slot = selections.find(identity, hash: offer.key)
        guard slot >= 0 else {
            if selections.insert(identity, hash: offer.key, value: state, use: use).isForgetting { evictions += 1 }
            return
        }
        let known = selections[slot]
        if known.odd == state.odd && known.status == state.status { unchanged += 1 }
        selections[slot] = state
        selections.used(slot, at: use)
    }

    /// Prices that said what was known already, and things forgotten, since the last call.
    mutating func takeCounts() -> (unchanged: Int, evictions: Int) {
        defer { (unchanged, evictions) = (0, 0) }
        return (unchanged, evictions)
    }

    /// The selection has a result: nothing is left to close.
    mutating func settle(_ identity: UnsafeRawBufferPointer, key: UInt64) {
        settleUp()
        let slot = selections.find(identity, hash: key)
        guard slot >= 0 else { return }
        selections[slot].status = .closed
    }

    // MARK: Fixtures

    /// Whether a fixture is in play; one that is not known is not. Being asked for keeps it from being forgotten.
    @inline(__always)
    mutating func isInPlay(fixture id: TextView) -> Bool {
        let slot = fixtures.find(id, hash: fixtures.hash(id))
        guard slot >= 0 else { return false }
        fixtures.used(slot, at: use)
        return fixtures[slot].isInPlay
    }

    private mutating func slot(ofFixture id: TextView) -> Int {
        let hash = fixtures.hash(id)
        let known = fixtures.find(id, hash: hash)
        if known >= 0 { return known }
        let (slot, isForgetting) = fixtures.insert(
            id, hash: hash, value: FixtureState(generation: generation), use: use)
        if isForgetting { evictions += 1 }
        return slot
    }

    /// Takes a fixture's state, and completes `event` with what the message left out and is known. `event` may point into
    /// the book afterwards: it is valid until the book changes.
    mutating func update(_ event: inout FixtureUpdate) {
        let slot = slot(ofFixture: event.fixtureID)
        fixtures.used(slot, at: use)
        complete(&event, from: slot)
        let names = FixtureNames.bytes(of: event)
        var state = fixtures[slot]
        state.enter(event.status)
        state.startTime = event.startTime
        state.homeScore = event.homeScore
        state.awayScore = event.awayScore
        state.generation = generation
        fixtures[slot] = state
        names.withUnsafeBytes { fixtures.setExtra(slot, $0) }
        show(slot, in: &event)
    }

    /// Optional names stay as they were as long as their ids do; scores stay until there are new ones.
    private func complete(_ event: inout FixtureUpdate, from slot: Int) {
        let known = FixtureNames(viewing: fixtures.extra(slot))
        if event.sport.isEmpty, known.sportID.isEqual(to: event.sportID) { event.sport = known.sport }
        if event.tournament.isEmpty, known.tournamentID.isEqual(to: event.tournamentID) {
            event.tournament = known.tournament
        }
        event.homeScore = event.homeScore ?? fixtures[slot].homeScore
        event.awayScore = event.awayScore ?? fixtures[slot].awayScore
    }

    private func show(_ slot: Int, in event: inout FixtureUpdate) {
        let names = FixtureNames(viewing: fixtures.extra(slot))
        event.fixtureID = fixtures.name(slot)
        event.sportID = names.sportID
        event.sport = names.sport
        event.tournamentID = names.tournamentID
        event.tournament = names.tournament
        event.homeTeam = names.homeTeam
        event.awayTeam = names.awayTeam
    }

    // MARK: Snapshots

    /// What follows describes the whole state.
    mutating func snapshotBegan() {
        settleUp()
        generation &+= 1
    }

    /// Closes the selections that the snapshot no longer had; `body` gets identity and key of each.
    mutating func closeUnseen(_ body: (UnsafeRawBufferPointer, UInt64) -> Void) {
        settleUp()
        for slot in 0..<selections.count where selections[slot].generation != generation {
            guard selections[slot].status != .closed else { continue }
            selections[slot].status = .closed
            selections[slot].odd = nil
            let identity = selections.name(slot)
            body(identity, selections.hash(identity))
        }
    }

    /// Ends the fixtures that were under way and that the snapshot no longer had; `body` gets the last state of each.
    mutating func finishUnseen(_ body: (FixtureUpdate) -> Void) {
        for slot in 0..<fixtures.count where fixtures[slot].generation != generation && fixtures[slot].isInPlay {
            fixtures[slot].enter(.finished)
            var event = FixtureUpdate()
            event.status = .finished
            event.startTime = fixtures[slot].startTime
            event.homeScore = fixtures[slot].homeScore
            event.awayScore = fixtures[slot].awayScore
            show(slot, in: &event)
            body(event)
        }
    }
}

extension OfferBook {
    /// Everything that was settled up.
    func save(to writer: inout CheckpointWriter) {
        writer.put(unsigned: UInt64(generation))
        fixtures.save(to: &writer) { $0.save(to: &$1) }
        selections.save(to: &writer) { $0.save(to: &$1) }
    }

    /// What `save` wrote, into an empty book.
    mutating func restore(from reader: inout CheckpointReader) throws(CheckpointError) {
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
        try fixtures.restore(from: &reader) { (reader) throws(CheckpointError) in try FixtureState(from: &reader) }
        try selections.restore(from: &reader) { (reader) throws(CheckpointError) in try SelectionState(from: &reader) }
    }
}
