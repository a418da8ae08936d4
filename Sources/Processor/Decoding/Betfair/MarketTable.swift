import FeedModel

/// When and how a change of the exchange is told.
struct Publication {
    var position = Position(rawValue: 0)
    let time: Timestamp?
    let isSnapshot: Bool

    init(time: Timestamp?, isSnapshot: Bool) {
        self.time = time
        self.isSnapshot = isSnapshot
    }
}

/// What the table of ids keeps of a market.
struct MarketMark: Forgettable {
    var isOver = false
}

/// The markets of an exchange feed, bounded, and what their changes are told as.
struct MarketTable: ~Copyable {
    private var ids: KeyedTable<MarketMark>
    /// By slot of `ids`.
    private var markets: [MarketState] = []
    private let identities: IdentityBuilder
    private let seed: UInt64
    /// Counts snapshots; what was seen in or after the last one bears its number.
    private var generation: UInt32 = 0
    private var evictions = 0
    /// Grows with the feed: what was used last is forgotten last.
    var use: Int64 = 0

    init(feed: FeedName, maximum: Int) {
        seed = feed.selectionSeed
        ids = KeyedTable(maximum: maximum, seed: feed.selectionSeed)
        identities = IdentityBuilder(feed: feed)
    }

    /// Things forgotten since the last call.
    mutating func takeEvictions() -> Int {
        defer { evictions = 0 }
        return evictions
    }

    /// Whether a market's prices are a line, not odds.
    func isLineMarket(_ id: TextView) -> Bool {
        let slot = ids.find(id, hash: ids.hash(id))
        return slot >= 0 && !markets[slot].hasOdds
    }

    /// Takes over a change and tells what it changed.
    mutating func apply(_ change: borrowing MarketChange, _ publication: Publication, _ output: inout DecodeOutput) {
        let slot = slot(of: change.id)
        markets[slot].generation = generation
        markets[slot].apply(change)
        ids[slot].isOver = markets[slot].status == .closed
        ids.used(slot, at: use)
        let isDefinition = change.definition != nil
        markets[slot].nameByItself()
        if isDefinition { tellFixture(of: slot, publication, &output) }
        tellQuotes(slot, isDefinition, publication, &output)
        if isDefinition { tellResults(slot, publication, &output) }
    }

    private mutating func slot(of id: TextView) -> Int {
        let hash = ids.hash(id)
        let known = ids.find(id, hash: hash)
        if known >= 0 { return known }
        let (slot, isForgetting) = ids.insert(id, hash: hash, value: MarketMark(), use: use)
        if isForgetting {
            evictions += 1
            markets[slot] = MarketState(id: [UInt8](id))
        } else {
            markets.append(MarketState(id: [UInt8](id)))
        }
        return slot
    }

    // MARK: Telling

    private mutating func tellFixture(of slot: Int, _ publication: Publication, _ output: inout DecodeOutput) {
        let id = markets[slot].fixtureID
        var fixture = ExchangeFixture()
        for market in markets where market.isDefined && market.fixtureID == id { fixture.add(market) }
        let digest = fixture.digest(seed: seed)
        guard markets[slot].fixtureTold != digest else { return }
        var isTold = false
        for other in markets.indices where markets[other].isDefined && markets[other].fixtureID == id {
            if other != slot, markets[other].fixtureTold == digest { isTold = true }
            markets[other].fixtureTold = digest
        }
        guard !isTold else { return }
        fixture.withEvent(id: id) { event in
            event.position = publication.position
            event.sourceTime = publication.time
            event.isSnapshot = publication.isSnapshot
            output.events.append(event)
        }
        output.counters.fixtures += 1
    }

    private mutating func tellQuotes(
        _ slot: Int, _ isDefinition: Bool, _ publication: Publication, _ output: inout DecodeOutput
    ) {
        let overround = markets[slot].overround
        for index in markets[slot].runners.indices {
            let quote = markets[slot].quote(index)
            let isNews = markets[slot].isNameNews || markets[slot].runners[index].isNameNews
            guard isNews || markets[slot].runners[index].published != quote else { continue }
            name(index, in: slot)
            tell(quote, of: index, in: slot, isDefinition, overround, publication, &output)
            markets[slot].runners[index].published = quote
            markets[slot].runners[index].isNameNews = false
        }
        if !markets[slot].runners.isEmpty { markets[slot].isNameNews = false }
    }

    private func tell(
        _ quote: RunnerState.Quote, of index: Int, in slot: Int, _ isDefinition: Bool, _ overround: FixedDecimal?,
        _ publication: Publication, _ output: inout DecodeOutput
    ) {
        let market = markets[slot]
        let runner = market.runners[index]
        var event = OddsChange()
        event.position = publication.position
        event.sourceTime = publication.time
        event.isSnapshot = publication.isSnapshot
        event.isInPlay = market.isInPlay
        event.status = quote.status
        event.marketStatus = isDefinition ? market.status.oddsStatus : nil
        event.odd = quote.back?.price
        event.backSize = quote.back?.size
        event.lay = quote.lay?.price
        event.laySize = quote.lay?.size
        event.lastTraded = quote.lastTraded
        event.overround = overround
        event.selectionKey = runner.selectionKey
        let marketName = market.isNameNews ? market.name : []
        let runnerName = runner.isNameNews ? runner.name : []
        runner.identity.withUnsafeBytes { identity in
            marketName.withUnsafeBytes { marketName in
                runnerName.withUnsafeBytes { runnerName in
                    event.identity = identity
                    event.marketName = marketName
                    event.selectionName = runnerName
                    output.events.append(event)
                }
            }
        }
        output.counters.odds += 1
    }

    private mutating func tellResults(_ slot: Int, _ publication: Publication, _ output: inout DecodeOutput) {
        for index in markets[slot].runners.indices {
            let runner = markets[slot].runners[index]
            guard let result = runner.status.result(in: markets[slot].status), result != runner.result else { continue }
            name(index, in: slot)
            var event = Settlement()
            event.position = publication.position
            event.sourceTime = publication.time
            event.isSnapshot = publication.isSnapshot
            event.result = result
            event.selectionKey = markets[slot].runners[index].selectionKey
            markets[slot].runners[index].identity.withUnsafeBytes { identity in
                event.identity = identity
                output.events.append(event)
            }
            markets[slot].runners[index].result = result
            output.counters.settlements += 1
        }
    }

    /// Gives a runner its identity, once.
    private mutating func name(_ index: Int, in slot: Int) {
        guard markets[slot].runners[index].identity.isEmpty else { return }
        let identity = identity(of: markets[slot].runners[index].key, in: markets[slot])
        markets[slot].runners[index].selectionKey = identity.withUnsafeBytes { identities.key($0) }
        markets[slot].runners[index].identity = identity
    }

    private func identity(of runner: RunnerKey, in market: MarketState) -> [UInt8] {
        let option = Array(String(runner.id).utf8)
        return market.fixtureID.withUnsafeBytes { fixture in
            market.id.withUnsafeBytes { id in
                market.marketType.withUnsafeBytes { type in
                    option.withUnsafeBytes { option in
                        [UInt8](
                            identities.build(
                                fixture: fixture, market: id, type: type, option: option,
                                line: runner.handicap))
                    }
                }
            }
        }
    }

    /// What names a runner whose prices may never have come; a market that is not known is named by its id alone.
    func identity(market id: TextView, runner: RunnerKey) -> [UInt8] {
        let slot = ids.find(id, hash: ids.hash(id))
        if slot >= 0 { return identity(of: runner, in: markets[slot]) }
        var market = MarketState(id: [UInt8](id))
        market.nameByItself()
        return identity(of: runner, in: market)
    }

    /// The key of an identity.
    func key(of identity: UnsafeRawBufferPointer) -> UInt64 { identities.key(identity) }

    // MARK: Snapshots

    /// What follows describes the whole state.
    mutating func snapshotBegan() { generation &+= 1 }

    /// Closes the markets that the snapshot no longer had.
    mutating func closeUnseen(_ publication: Publication, _ output: inout DecodeOutput) {
        for slot in markets.indices where markets[slot].generation != generation {
            guard markets[slot].status != .closed else { continue }
            markets[slot].close()
            ids[slot].isOver = true
            let before = output.counters.odds
            tellFixture(of: slot, publication, &output)
            tellQuotes(slot, true, publication, &output)
            output.counters.closed += output.counters.odds - before
        }
    }

    // MARK: Checkpoint

    func save(to writer: inout CheckpointWriter) {
        writer.put(unsigned: UInt64(generation))
        ids.save(to: &writer) { $1.put($0.isOver) }
        for market in markets { market.save(to: &writer) }
    }

    /// What `save` wrote, into an empty table.
    mutating func restore(from reader: inout CheckpointReader) throws(CheckpointError) {
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
        try ids.restore(from: &reader) { (reader) throws(CheckpointError) in
            MarketMark(isOver: try reader.flag("market"))
        }
        for slot in 0..<ids.count {
            markets.append(
                try MarketState(id: [UInt8](ids.name(slot)), from: &reader) { StableHash.hash($0, seed: seed) })
        }
    }
}
