import FeedJSON
import FeedModel

/// Reads one element of `mc` into a `MarketChange`, holding it against the rules.
struct MarketChangeReader: ~Copyable {
    private(set) var change = MarketChange()
    private var market = MessageReader<MarketField>()
    private var definition = MessageReader<DefinitionField>()
    private var runner = MessageReader<RunnerField>()
    private var runnerChange = MessageReader<RunnerChangeField>()
    private let rules = BetfairRules()
    private let names = BetfairNames()

    /// A market of more runners than this, or a change of more levels, is refused.
    private static let maximumRunners = 4_096
    private static let maximumLevels = 65_536
    /// A ladder by position has at most this many levels.
    static let maximumPosition = 1_000

    /// - Parameter markets: know which of them were defined so that their prices are no odds.
    mutating func read(
        _ element: JSONValue, window: TimeWindow, markets: borrowing MarketTable
    ) throws(Refusal) {
        change.reset()
        guard element.kind == .object else { throw Refusal(.badValue, "mc: an element is not an object") }
        let context = RuleContext(window: window)
        try market.open(element)
        try market.check(rules.market, in: context)
        change.id = market.text(.id)
        change.isImage = market.number(.img) == 1
        if let value = market.raw(.marketDefinition) { try readDefinition(value, context) }
        let hasOdds = change.definition?.hasOdds ?? !markets.isLineMarket(change.id)
        guard let changes = market.raw(.rc) else { return }
        for value in changes.elements { try readRunnerChange(value, context, hasOdds) }
    }

    // MARK: Definition

    private mutating func readDefinition(_ value: JSONValue, _ context: RuleContext) throws(Refusal) {
        guard value.kind == .object else { throw .bad("marketDefinition", value.text, "an object") }
        try definition.open(value)
        try definition.check(rules.definition, in: context)
        var result = MarketChange.Definition()
        result.eventID = definition.text(.eventId)
        result.eventTypeID = definition.text(.eventTypeId)
        result.eventName = definition.text(.eventName)
        result.name = definition.text(.name)
        result.marketType = definition.text(.marketType)
        result.startTime = definition.time(.marketTime) ?? definition.time(.openDate)
        result.status = try names.market(definition.text(.status))
        result.isInPlay = definition.number(.inPlay) == 1
        result.winners = Int(definition.number(.numberOfWinners) ?? 1)
        let betting = definition.text(.bettingType)
        result.hasOdds = !betting.elementsEqual("LINE".utf8) && !betting.elementsEqual("RANGE".utf8)
        result.isWholeBook = (betting.isEmpty || betting.elementsEqual("ODDS".utf8)) && result.winners == 1
        change.definition = result
        guard let runners = definition.raw(.runners) else { return }
        for value in runners.elements { try readRunner(value, context) }
    }

    private mutating func readRunner(_ value: JSONValue, _ context: RuleContext) throws(Refusal) {
        guard value.kind == .object else { throw .bad("runners", value.text, "a list of objects") }
        guard change.definedRunners.count < Self.maximumRunners else {
            throw Refusal(.tooLarge, "runners has more than \(Self.maximumRunners) elements")
        }
        try runner.open(value)
        try runner.check(rules.runner, in: context)
        change.definedRunners.append(
            .init(
                key: try key(runner.text(.id), runner.decimal(.hc)), status: try names.runner(runner.text(.status)),
                name: runner.text(.name)))
    }

    private func key(_ id: TextView, _ line: FixedDecimal?) throws(Refusal) -> RunnerKey {
        guard let number = ValueReading.integer(id) else { throw .bad("id", id, "a selection's number") }
        return RunnerKey(id: number, line: line?.scaled ?? 0)
    }

    // MARK: Prices

    private mutating func readRunnerChange(
        _ value: JSONValue, _ context: RuleContext, _ hasOdds: Bool
    ) throws(Refusal) {
        guard value.kind == .object else { throw .bad("rc", value.text, "a list of objects") }
        guard change.runners.count < Self.maximumRunners else {
            throw Refusal(.tooLarge, "rc has more than \(Self.maximumRunners) elements")
        }
        try runnerChange.open(value)
        try runnerChange.check(rules.runnerChange, in: context)
        change.rounded += runnerChange.rounded
        var result = MarketChange.RunnerChange()
        result.key = try key(runnerChange.text(.id), runnerChange.decimal(.hc))
        result.volume = runnerChange.decimal(.tv)
        result.lastTraded = runnerChange.decimal(.ltp)
        if let price = result.lastTraded, price.scaled != 0, hasOdds, !ValueForm.oddsRange.contains(price) {
            throw .bad("ltp", runnerChange.raw(.ltp)?.text ?? .empty, ValueForm.odds.expectation)
        }
        let start = change.levels.count
        try readLadder(.atb, .fullBack, hasOdds)
        try readLadder(.atl, .fullLay, hasOdds)
        try readLadder(.batb, .bestBack, hasOdds)
        try readLadder(.batl, .bestLay, hasOdds)
        try readLadder(.bdatb, .displayBack, hasOdds)
        try readLadder(.bdatl, .displayLay, hasOdds)
        result.levels = start..<change.levels.count
        change.runners.append(result)
    }

    private mutating func readLadder(
        _ field: RunnerChangeField, _ side: BookSide, _ hasOdds: Bool
    ) throws(Refusal) {
        guard let list = runnerChange.raw(field) else { return }
        for row in list.elements {
            guard change.levels.count < Self.maximumLevels else {
                throw Refusal(.tooLarge, "rc has more than \(Self.maximumLevels) price levels")
            }
            guard let level = level(row, side, hasOdds) else {
                throw .bad(field.key, row.text, side.isByPosition ? "[level, price, size]" : "[price, size]")
            }
            change.levels.append(level)
        }
    }

    private mutating func level(_ row: JSONValue, _ side: BookSide, _ hasOdds: Bool) -> MarketChange.LevelChange? {
        guard row.kind == .array else { return nil }
        var numbers = row.elements
        var position = -1
        if side.isByPosition {
            guard let value = numbers.next().flatMap(ValueReading.natural), value < Self.maximumPosition else {
                return nil
            }
            position = Int(value)
        }
        guard let price = numbers.next().flatMap(ValueReading.decimal),
            let size = numbers.next().flatMap(ValueReading.decimal), numbers.next() == nil,
            price.value.scaled >= 0, size.value.scaled >= 0
        else { return nil }
        let isDeleted = size.value.scaled == 0
        if hasOdds, !isDeleted, !ValueForm.oddsRange.contains(price.value) { return nil }
        if price.isRounded || size.isRounded { change.rounded += 1 }
        return .init(side: side, level: position, price: price.value, size: size.value)
    }
}
