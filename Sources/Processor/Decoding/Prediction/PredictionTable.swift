import FeedModel

/// The markets of a prediction exchange's feed, bounded, and what their messages are told as.
struct PredictionTable: ~Copyable {
    private var ids: KeyedTable<MarketMark>
    /// By slot of `ids`.
    private var markets: [PredictionMarket] = []
    private let identities: IdentityBuilder
    private let seed: UInt64
    /// Counts snapshots; what was seen in or after the last one bears its number.
    private var generation: UInt32 = 0
    /// A snapshot has begun and not ended: what comes is its content.
    private(set) var isInSnapshot = false
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

    /// Whether prices of the market came: providers tell everyone of every market's beginning and end.
    func isPriced(_ market: TextView) -> Bool {
        let slot = ids.find(market, hash: ids.hash(market))
        return slot >= 0 && markets[slot].isPriced
    }

    /// How many contracts of an outcome are wanted at a price; nil as long as its book is not known.
    func bidSize(_ market: TextView, _ option: TextView, at price: FixedDecimal) -> FixedDecimal? {
        let slot = ids.find(market, hash: ids.hash(market))
        guard slot >= 0, let outcome = markets[slot].outcome(option) else { return nil }
        return markets[slot].outcomes[outcome].bidSize(at: price, generation: generation)
    }

    /// Takes over a change and tells what it changed.
    mutating func apply(_ change: borrowing PredictionChange, _ publication: Publication, _ output: inout DecodeOutput)
    {
        let slot = self.slot(of: change.market)
        markets[slot].apply(change, generation: generation)
        entered(slot)
        tellFixture(of: slot, publication, &output)
        tellQuotes(slot, isStatusTold: change.status != nil, publication, &output)
        for (option, result) in change.results { tell(result, of: option, in: slot, publication, &output) }
    }

    /// Takes over names. They are told when the market has prices, now or later.
    mutating func describe(_ description: MarketDescription, _ publication: Publication, _ output: inout DecodeOutput) {
        let slot = description.market.withUnsafeBytes { self.slot(of: $0) }
        markets[slot].describe(description, generation: generation)
        entered(slot)
        guard markets[slot].isPriced else { return }
        tellFixture(of: slot, publication, &output)
        tellQuotes(slot, isStatusTold: false, publication, &output)
    }

    /// Names the fixture that markets were described as belonging to. False if none was.
    mutating func describe(
        fixture id: [UInt8], name: [UInt8], tournament: [UInt8], _ publication: Publication,
        _ output: inout DecodeOutput
    ) -> Bool {
        var isKnown = false
        for slot in markets.indices where markets[slot].fixtureID == id {
            isKnown = true
            var description = MarketDescription()
            description.fixtureName = name
            description.tournament = tournament
            markets[slot].describe(description, generation: generation)
            if markets[slot].isPriced { tellFixture(of: slot, publication, &output) }
        }
        return isKnown
    }

    private mutating func entered(_ slot: Int) {
        // Announcements of markets that nobody subscribed to are forgotten before markets with prices.
        ids[slot].isOver = !markets[slot].isPriced || markets[slot].status == .closed
        ids.used(slot, at: use)
    }

    private mutating func slot(of id: TextView) -> Int {
        let hash = ids.hash(id)
        let known = ids.find(id, hash: hash)
        if known >= 0 { return known }
        let (slot, isForgetting) = ids.insert(id, hash: hash, value: MarketMark(), use: use)
        if isForgetting {
            evictions += 1
            markets[slot] = PredictionMarket(id: [UInt8](id))
        } else {
            markets.append(PredictionMarket(id: [UInt8](id)))
        }
        return slot
    }

    // MARK: Telling

    private mutating func tellFixture(of slot: Int, _ publication: Publication, _ output: inout DecodeOutput) {
        guard markets[slot].isFixtureNews else { return }
        markets[slot].isFixtureNews = false
        let id = markets[slot].fixtureID
        let others = markets.indices.filter { markets[$0].isPriced && markets[$0].fixtureID == id }
        // A fixture that nobody described is told by its odds alone.
        guard others.contains(where: { markets[$0].isDescribed }) else { return }
        var fixture = PredictionFixture()
        for other in others { fixture.add(markets[other]) }
        let digest = fixture.digest(seed: seed)
        let isTold = others.contains { markets[$0].fixtureTold == digest }
        for other in others { markets[other].fixtureTold = digest }
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
        _ slot: Int, isStatusTold: Bool, _ publication: Publication, _ output: inout DecodeOutput
    ) {
        let overround = markets[slot].overround
        for index in markets[slot].outcomes.indices {
            let quote = markets[slot].outcomes[index].quote(markets[slot].status)
            let isNews = markets[slot].isNameNews || markets[slot].outcomes[index].isNameNews
            guard isNews || markets[slot].outcomes[index].published != quote else { continue }
            name(index, in: slot)
            tell(quote, of: index, in: slot, isStatusTold, overround, publication, &output)
            markets[slot].outcomes[index].published = quote
            markets[slot].outcomes[index].isNameNews = false
        }
        if !markets[slot].outcomes.isEmpty { markets[slot].isNameNews = false }
    }

    private func tell(
        _ quote: OutcomeState.Quote, of index: Int, in slot: Int, _ isStatusTold: Bool, _ overround: FixedDecimal?,
        _ publication: Publication, _ output: inout DecodeOutput
    ) {
        let market = markets[slot]
        let outcome = market.outcomes[index]
        var event = OddsChange()
        event.position = publication.position
        event.sourceTime = publication.time
        event.isSnapshot = publication.isSnapshot
        event.status = quote.status
        event.marketStatus = isStatusTold ? market.status : nil
        event.odd = quote.back?.price
        event.backSize = quote.back?.size
        event.lay = quote.lay?.price
        event.laySize = quote.lay?.size
        event.lastTraded = quote.lastTraded
        event.overround = overround
        event.selectionKey = outcome.selectionKey
        let marketName = market.isNameNews ? market.name : []
        let outcomeName = outcome.isNameNews ? outcome.name : []
        outcome.identity.withUnsafeBytes { identity in
            marketName.withUnsafeBytes { marketName in
                outcomeName.withUnsafeBytes { outcomeName in
                    event.identity = identity
                    event.marketName = marketName
                    event.selectionName = outcomeName
                    output.events.append(event)
                }
            }
        }
        output.counters.odds += 1
    }

    private mutating func tell(
        _ result: SettlementResult, of option: [UInt8], in slot: Int, _ publication: Publication,
        _ output: inout DecodeOutput
    ) {
        guard let index = markets[slot].outcome(option), markets[slot].outcomes[index].result != result else { return }
        name(index, in: slot)
        var event = Settlement()
        event.position = publication.position
        event.sourceTime = publication.time
        event.isSnapshot = publication.isSnapshot
        event.result = result
        event.selectionKey = markets[slot].outcomes[index].selectionKey
        markets[slot].outcomes[index].identity.withUnsafeBytes { identity in
            event.identity = identity
            output.events.append(event)
        }
        markets[slot].outcomes[index].result = result
        output.counters.settlements += 1
    }

    /// Gives an outcome its identity, once.
    private mutating func name(_ index: Int, in slot: Int) {
        guard markets[slot].outcomes[index].identity.isEmpty else { return }
        let market = markets[slot]
        let identity = market.fixtureID.withUnsafeBytes { fixture in
            market.id.withUnsafeBytes { id in
                market.marketType.withUnsafeBytes { type in
                    market.outcomes[index].option.withUnsafeBytes { option in
                        [UInt8](
                            identities.build(fixture: fixture, market: id, type: type, option: option, line: nil))
                    }
                }
            }
        }
        markets[slot].outcomes[index].selectionKey = identity.withUnsafeBytes { identities.key($0) }
        markets[slot].outcomes[index].identity = identity
    }
}

// MARK: Snapshots and checkpoints

extension PredictionTable {
    /// What follows describes the whole state.
    mutating func snapshotBegan() {
        generation &+= 1
        isInSnapshot = true
    }

    /// Closes the outcomes that the snapshot no longer had.
    mutating func snapshotEnded(_ publication: Publication, _ output: inout DecodeOutput) {
        isInSnapshot = false
        for slot in markets.indices where markets[slot].isPriced && markets[slot].status != .closed {
            for index in markets[slot].outcomes.indices {
                guard markets[slot].outcomes[index].generation != generation else { continue }
                markets[slot].outcomes[index].close()
            }
            let before = output.counters.odds
            tellQuotes(slot, isStatusTold: false, publication, &output)
            output.counters.closed += output.counters.odds - before
        }
    }

    func save(to writer: inout CheckpointWriter) {
        writer.put(unsigned: UInt64(generation))
        writer.put(isInSnapshot)
        ids.save(to: &writer) { $1.put($0.isOver) }
        for market in markets { market.save(to: &writer) }
    }

    /// What `save` wrote, into an empty table.
    mutating func restore(from reader: inout CheckpointReader) throws(CheckpointError) {
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
        isInSnapshot = try reader.flag("snapshot")
        try ids.restore(from: &reader) { (reader) throws(CheckpointError) in
            MarketMark(isOver: try reader.flag("market"))
        }
        for slot in 0..<ids.count {
            markets.append(
                try PredictionMarket(id: [UInt8](ids.name(slot)), from: &reader) { StableHash.hash($0, seed: seed) })
        }
    }
}
