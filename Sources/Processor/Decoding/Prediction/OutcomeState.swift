import FeedModel

/// What is known of one outcome of a prediction market: the book of its contract.
struct OutcomeState {
    typealias Offer = PredictionChange.Offer

    let option: [UInt8]
    var name: [UInt8] = []
    /// The name was not in an event yet.
    var isNameNews = false
    private var bids = Ladder()
    private var asks = Ladder()
    /// The ladders are the whole book: an image came, and every change since.
    private(set) var hasBook = false
    private var told = Told()
    /// What the contract was last traded at.
    private(set) var lastTraded: FixedDecimal?
    /// The snapshot that it was last seen in or after.
    private(set) var generation: UInt32
    /// A snapshot no longer had it.
    private(set) var isGone = false
    /// What the last event said; nil before the first.
    var published: Quote?
    /// The last settlement.
    var result: SettlementResult?
    /// Names the selection for ever once it was published; empty before.
    var identity: [UInt8] = []
    var selectionKey: UInt64 = 0

    /// The best prices as the provider told them.
    private struct Told {
        var bid: Offer?
        var ask: Offer?
    }

    /// What an event says: decimal odds.
    struct Quote: Equatable {
        var status = OddsStatus.open
        var back: Offer?
        var lay: Offer?
        var lastTraded: FixedDecimal?
    }

    init(option: [UInt8], generation: UInt32) {
        self.option = option
        self.generation = generation
    }

    mutating func apply(_ step: PredictionChange.Step, generation: UInt32) {
        if case .traded(let price) = step {
            // A trade says nothing of what else is on offer.
            lastTraded = price
            return
        }
        isGone = false
        // What was known before a snapshot began may have changed since.
        if self.generation != generation { wipe() }
        self.generation = generation
        switch step {
        case .image:
            wipe()
            hasBook = true
        case .level(.bid, let price, let size): bids.set(price, size)
        case .level(.ask, let price, let size): asks.set(price, size)
        case .best(let bid, let ask): told = Told(bid: bid, ask: ask)
        case .traded: break
        }
    }

    private mutating func wipe() {
        bids.removeAll()
        asks.removeAll()
        hasBook = false
        told = Told()
    }

    /// Nothing can be had any more: a snapshot no longer has the outcome.
    mutating func close() {
        wipe()
        isGone = true
    }

    /// The best price to sell at. Some levels without the rest of the book do not tell it: then it is what the provider
    /// says it is, or unknown.
    var bid: Offer? {
        hasBook ? bids.highest.map { Offer(price: $0.price, size: $0.size) } : complete(told.bid, from: bids)
    }

    /// The best price to buy at.
    var ask: Offer? {
        hasBook ? asks.lowest.map { Offer(price: $0.price, size: $0.size) } : complete(told.ask, from: asks)
    }

    private func complete(_ offer: Offer?, from ladder: Ladder) -> Offer? {
        guard var offer else { return nil }
        if offer.size == nil { offer.size = ladder.size(at: offer.price) }
        return offer
    }

    /// How many contracts are wanted at a price; nil as long as the book is not known.
    func bidSize(at price: FixedDecimal, generation: UInt32) -> FixedDecimal? {
        guard hasBook, self.generation == generation else { return nil }
        return bids.size(at: price) ?? FixedDecimal(scaled: 0)
    }

    /// What can be had in a market of that status.
    func quote(_ market: OddsStatus) -> Quote {
        var quote = Quote()
        quote.status = isGone ? .closed : market
        quote.lastTraded = lastTraded.flatMap(ContractPrice.odds)
        guard quote.status != .closed else { return quote }
        quote.back = Self.odds(ask)
        quote.lay = Self.odds(bid)
        return quote
    }

    private static func odds(_ offer: Offer?) -> Offer? {
        guard let offer, let price = ContractPrice.odds(offer.price) else { return nil }
        return Offer(price: price, size: offer.size)
    }
}

extension OutcomeState {
    func save(to writer: inout CheckpointWriter) {
        writer.put(option)
        writer.put(name)
        writer.put(isNameNews)
        bids.save(to: &writer)
        asks.save(to: &writer)
        writer.put(hasBook)
        Self.save(told.bid, to: &writer)
        Self.save(told.ask, to: &writer)
        writer.put(lastTraded?.scaled)
        writer.put(unsigned: UInt64(generation))
        writer.put(isGone)
        writer.put(published != nil)
        if let published {
            writer.put(published.status.rawValue)
            Self.save(published.back, to: &writer)
            Self.save(published.lay, to: &writer)
            writer.put(published.lastTraded?.scaled)
        }
        writer.put(result?.rawValue ?? 0)
        writer.put(identity)
    }

    init(from reader: inout CheckpointReader, key: (UnsafeRawBufferPointer) -> UInt64) throws(CheckpointError) {
        option = [UInt8](try reader.text("option"))
        name = [UInt8](try reader.text("option name"))
        isNameNews = try reader.flag("option name")
        bids = try Ladder(from: &reader)
        asks = try Ladder(from: &reader)
        hasBook = try reader.flag("book")
        told.bid = try Self.offer(&reader)
        told.ask = try Self.offer(&reader)
        lastTraded = try reader.optional("last traded").map(FixedDecimal.init(scaled:))
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
        isGone = try reader.flag("gone")
        if try reader.flag("published") { published = try Self.quote(&reader) }
        result = SettlementResult(rawValue: try reader.byte("result"))
        let identity = try reader.text("identity")
        self.identity = [UInt8](identity)
        selectionKey = identity.isEmpty ? 0 : key(identity)
    }

    private static func quote(_ reader: inout CheckpointReader) throws(CheckpointError) -> Quote {
        guard let status = OddsStatus(rawValue: try reader.byte("odds status")) else { throw .damaged("odds status") }
        let back = try offer(&reader)
        let lay = try offer(&reader)
        return Quote(
            status: status, back: back, lay: lay,
            lastTraded: try reader.optional("last traded").map(FixedDecimal.init(scaled:)))
    }

    private static func save(_ offer: Offer?, to writer: inout CheckpointWriter) {
        writer.put(offer?.price.scaled)
        writer.put(offer?.size?.scaled)
    }

    private static func offer(_ reader: inout CheckpointReader) throws(CheckpointError) -> Offer? {
        let price = try reader.optional("price").map(FixedDecimal.init(scaled:))
        let size = try reader.optional("size").map(FixedDecimal.init(scaled:))
        return price.map { Offer(price: $0, size: size) }
    }
}
