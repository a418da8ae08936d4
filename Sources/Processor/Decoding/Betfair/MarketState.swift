import FeedModel

/// What is known of one exchange market, and how its changes change it.
struct MarketState {
    let id: [UInt8]
    /// The fixture and type that its selections are named by. Fixed by the first publication: a market that was published
    /// without a definition keeps its own id as the fixture, because a selection must not change its name.
    var fixtureID: [UInt8] = []
    var marketType: [UInt8] = []

    var status = MarketStatus.unknown
    var isInPlay = false
    var hasOdds = true
    var isWholeBook = false
    var startTime: Timestamp?
    var eventTypeID: [UInt8] = []
    var eventName: [UInt8] = []
    var name: [UInt8] = []
    var isNameNews = false
    var isDefined = false
    /// Of the fixture's state as it was last told; 0 before.
    var fixtureTold: UInt64 = 0
    /// The snapshot that it was last seen in or after.
    var generation: UInt32 = 0
    var runners: [RunnerState] = []

    init(id: [UInt8]) { self.id = id }

    /// Takes over a change: image, definition and prices, in this order.
    mutating func apply(_ change: borrowing MarketChange) {
        if change.isImage {
            for index in runners.indices { runners[index].wipe() }
        }
        if let definition = change.definition { define(definition, change.definedRunners) }
        for runner in change.runners { apply(runner, change.levels) }
    }

    /// Whoever is published first without a definition is named by the market alone, for ever.
    mutating func nameByItself() {
        if fixtureID.isEmpty { fixtureID = id }
        if marketType.isEmpty { marketType = Array("unknown".utf8) }
    }

    private mutating func define(_ definition: MarketChange.Definition, _ defined: [MarketChange.DefinedRunner]) {
        if fixtureID.isEmpty { fixtureID = [UInt8](definition.eventID) }
        if marketType.isEmpty, !definition.marketType.isEmpty { marketType = [UInt8](definition.marketType) }
        isDefined = true
        status = definition.status
        isInPlay = definition.isInPlay
        hasOdds = definition.hasOdds
        isWholeBook = definition.isWholeBook
        startTime = definition.startTime ?? startTime
        if !definition.eventTypeID.isEmpty { eventTypeID = [UInt8](definition.eventTypeID) }
        // Later definitions may leave out names that earlier ones had.
        if !definition.eventName.isEmpty { eventName = [UInt8](definition.eventName) }
        if !definition.name.isEmpty, !name.elementsEqual(definition.name) {
            name = [UInt8](definition.name)
            isNameNews = true
        }
        // A definition is complete: who is not in it is no longer in the market.
        var rest = Set(runners.indices)
        for runner in defined { rest.remove(define(runner)) }
        for index in rest where runners[index].status != .unknown { runners[index].status = .hidden }
    }

    private mutating func define(_ defined: MarketChange.DefinedRunner) -> Int {
        let index = index(of: defined.key)
        runners[index].status = defined.status
        if !defined.name.isEmpty, !runners[index].name.elementsEqual(defined.name) {
            runners[index].name = [UInt8](defined.name)
            runners[index].isNameNews = true
        }
        return index
    }

    private mutating func apply(_ change: MarketChange.RunnerChange, _ levels: [MarketChange.LevelChange]) {
        let index = index(of: change.key)
        for level in levels[change.levels] { runners[index].set(level) }
        guard let price = change.lastTraded else { return }
        // Before a market closes its books are wiped, with volume 0 and a last price that nobody traded at.
        if status == .suspended || status == .closed, change.volume?.scaled == 0 { return }
        runners[index].lastTraded = price.scaled == 0 ? nil : price
    }

    private mutating func index(of key: RunnerKey) -> Int {
        if let index = runners.firstIndex(where: { $0.key == key }) { return index }
        runners.append(RunnerState(key: key))
        return runners.count - 1
    }

    /// Nothing can be had any more: what is left when a snapshot no longer has the market.
    mutating func close() {
        status = .closed
        for index in runners.indices { runners[index].wipe() }
    }

    /// What can be had of a runner.
    func quote(_ index: Int) -> RunnerState.Quote {
        let runner = runners[index]
        var quote = RunnerState.Quote()
        quote.status = runner.status.isOffered ? status.oddsStatus : .closed
        guard hasOdds else { return quote }
        quote.back = runner.back
        quote.lay = runner.lay
        quote.lastTraded = runner.lastTraded
        return quote
    }

    /// Of the runners that are offered, if each of them can be backed.
    var overround: FixedDecimal? {
        guard isWholeBook, hasOdds, status != .closed else { return nil }
        var sum = Overround()
        for runner in runners where runner.status.isOffered {
            guard let back = runner.back else { return nil }
            sum.add(back.price)
        }
        return sum.value
    }
}

extension MarketState {
    func save(to writer: inout CheckpointWriter) {
        writer.put(fixtureID)
        writer.put(marketType)
        writer.put(status.rawValue)
        writer.put(isInPlay)
        writer.put(hasOdds)
        writer.put(isWholeBook)
        writer.put(startTime?.microseconds)
        writer.put(eventTypeID)
        writer.put(eventName)
        writer.put(name)
        writer.put(isNameNews)
        writer.put(isDefined)
        writer.put(unsigned: fixtureTold)
        writer.put(unsigned: UInt64(generation))
        writer.put(runners.count)
        for runner in runners { runner.save(to: &writer) }
    }

    init(
        id: [UInt8], from reader: inout CheckpointReader, key: (UnsafeRawBufferPointer) -> UInt64
    ) throws(CheckpointError) {
        self.id = id
        fixtureID = [UInt8](try reader.text("fixture id"))
        marketType = [UInt8](try reader.text("market type"))
        guard let status = MarketStatus(rawValue: try reader.byte("market status")) else {
            throw .damaged("market status")
        }
        self.status = status
        isInPlay = try reader.flag("in play")
        hasOdds = try reader.flag("odds")
        isWholeBook = try reader.flag("book")
        startTime = try reader.optional("start time").map(Timestamp.init(microseconds:))
        eventTypeID = [UInt8](try reader.text("event type"))
        eventName = [UInt8](try reader.text("event name"))
        name = [UInt8](try reader.text("market name"))
        isNameNews = try reader.flag("market name")
        isDefined = try reader.flag("definition")
        fixtureTold = try reader.unsigned("fixture")
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
        let count = try reader.count(0...1_000_000, "runners")
        for _ in 0..<count { runners.append(try RunnerState(from: &reader, key: key)) }
    }
}
