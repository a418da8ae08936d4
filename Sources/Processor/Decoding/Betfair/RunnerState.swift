import FeedModel

/// What is known of one runner of a market.
struct RunnerState {
    let key: RunnerKey
    var status = RunnerStatus.unknown
    var name: [UInt8] = []
    /// The name was not in an event yet.
    var isNameNews = false
    var lastTraded: FixedDecimal?
    private var ladders = [Ladder](repeating: Ladder(), count: BookSide.allCases.count)
    /// Which pairs of ladders the subscription has: bit 0 full, 1 best, 2 display.
    private var sources: UInt8 = 0
    /// What the last event said; nil before the first.
    var published: Quote?
    /// The last settlement.
    var result: SettlementResult?
    /// Names the selection for ever once it was published; empty before.
    var identity: [UInt8] = []
    var selectionKey: UInt64 = 0

    init(key: RunnerKey) { self.key = key }

    /// What can be had of a runner at this moment.
    struct Quote: Equatable {
        var status = OddsStatus.open
        var back: Ladder.Level?
        var lay: Ladder.Level?
        var lastTraded: FixedDecimal?
    }

    mutating func set(_ level: MarketChange.LevelChange) {
        sources |= 1 << UInt8(level.side.rawValue / 2)
        if level.side.isByPosition {
            ladders[level.side.rawValue].set(position: level.level, level.price, level.size)
        } else {
            ladders[level.side.rawValue].set(level.price, level.size)
        }
    }

    /// Throws the prices away, as an image asks.
    mutating func wipe() {
        for index in ladders.indices { ladders[index].removeAll() }
        sources = 0
        lastTraded = nil
    }

    /// The best price to back: the highest on offer, from the most complete ladder there is.
    var back: Ladder.Level? {
        if sources & 1 != 0 { return ladders[BookSide.fullBack.rawValue].highest }
        return ladders[(sources & 2 != 0 ? BookSide.bestBack : .displayBack).rawValue].best
    }

    /// The best price to lay: the lowest.
    var lay: Ladder.Level? {
        if sources & 1 != 0 { return ladders[BookSide.fullLay.rawValue].lowest }
        return ladders[(sources & 2 != 0 ? BookSide.bestLay : .displayLay).rawValue].best
    }
}

extension RunnerState {
    func save(to writer: inout CheckpointWriter) {
        writer.put(key.id)
        writer.put(key.line)
        writer.put(status.rawValue)
        writer.put(name)
        writer.put(isNameNews)
        writer.put(lastTraded?.scaled)
        for ladder in ladders { ladder.save(to: &writer) }
        writer.put(sources)
        writer.put(published != nil)
        if let published {
            writer.put(published.status.rawValue)
            for level in [published.back, published.lay] {
                writer.put(level?.price.scaled)
                writer.put(level?.size.scaled)
            }
            writer.put(published.lastTraded?.scaled)
        }
        writer.put(result?.rawValue ?? 0)
        writer.put(identity)
    }

    init(from reader: inout CheckpointReader, key selectionKey: (UnsafeRawBufferPointer) -> UInt64)
        throws(CheckpointError)
    {
        key = RunnerKey(id: try reader.integer("runner"), line: try reader.integer("line"))
        guard let status = RunnerStatus(rawValue: try reader.byte("runner status")) else {
            throw .damaged("runner status")
        }
        self.status = status
        name = [UInt8](try reader.text("runner name"))
        isNameNews = try reader.flag("runner name")
        lastTraded = try reader.optional("last traded").map(FixedDecimal.init(scaled:))
        for index in ladders.indices { ladders[index] = try Ladder(from: &reader) }
        sources = try reader.byte("ladders")
        if try reader.flag("published") { published = try Self.quote(&reader) }
        result = SettlementResult(rawValue: try reader.byte("result"))
        let identity = try reader.text("identity")
        self.identity = [UInt8](identity)
        self.selectionKey = identity.isEmpty ? 0 : selectionKey(identity)
    }

    private static func quote(_ reader: inout CheckpointReader) throws(CheckpointError) -> Quote {
        guard let status = OddsStatus(rawValue: try reader.byte("odds status")) else { throw .damaged("odds status") }
        let back = try level(&reader)
        let lay = try level(&reader)
        return Quote(
            status: status, back: back, lay: lay,
            lastTraded: try reader.optional("last traded").map(FixedDecimal.init(scaled:)))
    }

    private static func level(_ reader: inout CheckpointReader) throws(CheckpointError) -> Ladder.Level? {
        let price = try reader.optional("price")
        let size = try reader.optional("size")
        guard let price, let size else { return nil }
        return Ladder.Level(price: FixedDecimal(scaled: price), size: FixedDecimal(scaled: size))
    }
}
