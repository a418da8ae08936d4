import FeedModel

/// What is known of one prediction market, and how its messages change it.
struct PredictionMarket {
    let id: [UInt8]
    /// The fixture and type that its selections are named by. Fixed by the first price: a selection must not change its
    /// name when a description comes later.
    private(set) var fixtureID: [UInt8] = []
    private(set) var marketType: [UInt8] = []
    /// Prices came: it is one of the feed's markets, and not only one that the provider announced to everyone.
    private(set) var isPriced = false
    private(set) var status = OddsStatus.open

    private(set) var isDescribed = false
    private(set) var fixtureName: [UInt8] = []
    private(set) var tournament: [UInt8] = []
    private(set) var startTime: Timestamp?
    private(set) var name: [UInt8] = []
    var isNameNews = false
    /// Of the fixture's state as it was last told; 0 before.
    var fixtureTold: UInt64 = 0
    /// Something changed that the fixture's state depends on.
    var isFixtureNews = false
    var outcomes: [OutcomeState] = []

    private static let defaultType = Array("binary".utf8)

    init(id: [UInt8]) { self.id = id }

    mutating func apply(_ change: borrowing PredictionChange, generation: UInt32) {
        if !isPriced { becomePriced(fixture: [UInt8](change.fixture)) }
        if let status = change.status, status != self.status {
            self.status = status
            isFixtureNews = true
        }
        for move in change.moves {
            let index = index(of: move.option, generation)
            outcomes[index].apply(move.step, generation: generation)
        }
    }

    private mutating func becomePriced(fixture: [UInt8]) {
        isPriced = true
        isFixtureNews = true
        if fixtureID.isEmpty { fixtureID = fixture.isEmpty ? id : fixture }
        if marketType.isEmpty { marketType = Self.defaultType }
    }

    mutating func describe(_ description: MarketDescription, generation: UInt32) {
        isDescribed = true
        isFixtureNews = true
        if !isPriced {
            if !description.fixture.isEmpty { fixtureID = description.fixture }
            if !description.marketType.isEmpty { marketType = description.marketType }
        }
        if !description.fixtureName.isEmpty { fixtureName = description.fixtureName }
        if !description.tournament.isEmpty { tournament = description.tournament }
        startTime = description.startTime ?? startTime
        if !description.name.isEmpty, name != description.name {
            name = description.name
            isNameNews = true
        }
        for (option, name) in description.outcomes where !name.isEmpty {
            let index = option.withUnsafeBytes { self.index(of: $0, generation) }
            guard outcomes[index].name != name else { continue }
            outcomes[index].name = name
            outcomes[index].isNameNews = true
        }
    }

    private mutating func index(of option: TextView, _ generation: UInt32) -> Int {
        if let index = outcome(option) { return index }
        outcomes.append(OutcomeState(option: [UInt8](option), generation: generation))
        return outcomes.count - 1
    }

    func outcome(_ option: some Sequence<UInt8>) -> Int? { outcomes.firstIndex { $0.option.elementsEqual(option) } }

    /// What both outcomes cost above 1, if both can be bought.
    var overround: FixedDecimal? {
        guard outcomes.count == 2, status != .closed, let first = outcomes[0].ask, let second = outcomes[1].ask else {
            return nil
        }
        return FixedDecimal(scaled: first.price.scaled + second.price.scaled - FixedDecimal.scale)
    }
}

extension PredictionMarket {
    func save(to writer: inout CheckpointWriter) {
        writer.put(fixtureID)
        writer.put(marketType)
        writer.put(isPriced)
        writer.put(status.rawValue)
        writer.put(isDescribed)
        writer.put(fixtureName)
        writer.put(tournament)
        writer.put(startTime?.microseconds)
        writer.put(name)
        writer.put(isNameNews)
        writer.put(unsigned: fixtureTold)
        writer.put(isFixtureNews)
        writer.put(outcomes.count)
        for outcome in outcomes { outcome.save(to: &writer) }
    }

    init(
        id: [UInt8], from reader: inout CheckpointReader, key: (UnsafeRawBufferPointer) -> UInt64
    ) throws(CheckpointError) {
        self.id = id
        fixtureID = [UInt8](try reader.text("fixture id"))
        marketType = [UInt8](try reader.text("market type"))
        isPriced = try reader.flag("priced")
        guard let status = OddsStatus(rawValue: try reader.byte("market status")) else {
            throw .damaged("market status")
        }
        self.status = status
        isDescribed = try reader.flag("description")
        fixtureName = [UInt8](try reader.text("fixture name"))
        tournament = [UInt8](try reader.text("tournament"))
        startTime = try reader.optional("start time").map(Timestamp.init(microseconds:))
        name = [UInt8](try reader.text("market name"))
        isNameNews = try reader.flag("market name")
        fixtureTold = try reader.unsigned("fixture")
        isFixtureNews = try reader.flag("fixture")
        let count = try reader.count(0...1_000_000, "outcomes")
        for _ in 0..<count { outcomes.append(try OutcomeState(from: &reader, key: key)) }
    }
}
