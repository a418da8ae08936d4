import FeedJSON
import FeedModel

/// Reads a message of the exchange into a `PredictionChange`, holding it against the rules.
///
/// The book has bids only, for yes and for no: a bid for one is an offer of the other at 1 − price, and is entered as both.
struct KalshiReader: ~Copyable {
    private(set) var change = PredictionChange()
    private var fields = MessageReader<KalshiMessageField>()
    private let rules = KalshiRules()

    /// A message of more levels than this is refused: there are 9,999 prices a side.
    private static let maximumLevels = 65_536

    var time: Timestamp? { fields.time(.tsMs) ?? fields.time(.ts) }

    /// Reads what every message about a market has.
    mutating func open(_ body: JSONValue, _ context: RuleContext) throws(Refusal) {
        try fields.open(body)
        try fields.check(rules.market, in: context)
        change.reset(market: fields.text(.marketTicker))
        change.fixture = KalshiTicker.event(of: change.market)
    }

    /// Reads a message about an event; gives its time.
    mutating func checkEvent(_ body: JSONValue, _ context: RuleContext) throws(Refusal) -> Timestamp? {
        try fields.open(body)
        try fields.check(rules.event, in: context)
        return time
    }

    // MARK: Books

    mutating func readSnapshot() throws(Refusal) {
        change.add(.image, to: KalshiContract.yes.option)
        change.add(.image, to: KalshiContract.no.option)
        try readBids(of: .yes, dollars: fields.raw(.yesDollarsFp) ?? fields.raw(.yesDollars), cents: fields.raw(.yes))
        try readBids(of: .no, dollars: fields.raw(.noDollarsFp) ?? fields.raw(.noDollars), cents: fields.raw(.no))
    }

    private mutating func readBids(
        of contract: KalshiContract, dollars: JSONValue?, cents: JSONValue?
    ) throws(Refusal) {
        guard let list = dollars ?? cents else { return }
        let field = contract == .yes ? "yes" : "no"
        guard list.kind == .array else { throw .bad(field, list.text, "a list of [price, size]") }
        for row in list.elements {
            guard change.moves.count < Self.maximumLevels else {
                throw Refusal(.tooLarge, "message has more than \(Self.maximumLevels) price levels")
            }
            guard row.kind == .array else { throw .bad(field, row.text, "[price, size]") }
            var numbers = row.elements
            guard let value = numbers.next(), let size = decimal(numbers.next()), numbers.next() == nil,
                size.scaled >= 0, let price = price(value, isCents: dollars == nil), ContractPrice.isTradable(price)
            else { throw .bad(field, row.text, "[price, size] with a price between 0 and 1") }
            addBid(contract, price, size)
        }
    }

    private mutating func addBid(_ contract: KalshiContract, _ price: FixedDecimal, _ size: FixedDecimal) {
        change.add(.level(.bid, price: price, size: size), to: contract.option)
        let opposite = ContractPrice.complement(price)
        change.add(.level(.ask, price: opposite, size: size), to: contract.opposite.option)
    }

    /// Deltas are signed changes of what the book has. False if the book is not known.
    mutating func readDelta(_ markets: borrowing PredictionTable) throws(Refusal) -> Bool {
        guard let side = fields.raw(.side) else { throw .missing("side") }
        guard side.isString, let contract = KalshiContract(side.text) else {
            throw .bad("side", side.text, "yes or no")
        }
        guard let price = try price(.priceDollars, cents: .price) else { throw .missing("price_dollars") }
        guard ContractPrice.isTradable(price) else {
            throw Refusal(.badValue, "price_dollars: \(price) is not a price between 0 and 1")
        }
        guard let value = fields.raw(.deltaFp) ?? fields.raw(.delta) else { throw .missing("delta_fp") }
        guard let delta = decimal(value) else { throw .bad("delta_fp", value.text, ValueForm.decimal.expectation) }
        guard let size = markets.bidSize(change.market, contract.option, at: price) else { return false }
        let (total, overflow) = size.scaled.addingReportingOverflow(delta.scaled)
        guard !overflow, total >= 0 else {
            throw Refusal(.badValue, "delta_fp: \(delta) at \(price), where the book has \(size)")
        }
        addBid(contract, price, FixedDecimal(scaled: total))
        return true
    }

    // MARK: Tickers and trades

    mutating func readTicker(_ context: RuleContext) throws(Refusal) {
        try fields.check(rules.ticker, in: context)
        change.rounded += fields.rounded
        let bid = Self.offer(try price(.yesBidDollars, cents: .yesBid), fields.decimal(.yesBidSizeFp))
        let ask = Self.offer(try price(.yesAskDollars, cents: .yesAsk), fields.decimal(.yesAskSizeFp))
        change.add(.best(bid: bid, ask: ask), to: KalshiContract.yes.option)
        change.add(.best(bid: ask.map(Self.opposite), ask: bid.map(Self.opposite)), to: KalshiContract.no.option)
        // 0: never traded.
        if let price = try price(.priceDollars, cents: .price), price.scaled > 0 { addTrade(price) }
    }

    /// Nil for 0 and 1, which stand for a side without offers.
    private static func offer(_ price: FixedDecimal?, _ size: FixedDecimal?) -> PredictionChange.Offer? {
        guard let price, ContractPrice.isTradable(price) else { return nil }
        return PredictionChange.Offer(price: price, size: size)
    }

    private static func opposite(_ offer: PredictionChange.Offer) -> PredictionChange.Offer {
        PredictionChange.Offer(price: ContractPrice.complement(offer.price), size: offer.size)
    }

    mutating func readTrade(_ body: JSONValue) throws(Refusal) {
        let price: FixedDecimal?
        if let value = body.member("yes_price_dollars") {
            price = self.price(value, isCents: false)
            if price == nil { throw .bad("yes_price_dollars", value.text, ValueForm.probability.expectation) }
        } else if let opposite = try self.price(.noPriceDollars, cents: nil) {
            price = ContractPrice.complement(opposite)
        } else {
            price = try self.price(nil, cents: .yesPrice)
        }
        guard let price else { throw .missing("yes_price_dollars") }
        addTrade(price)
    }

    private mutating func addTrade(_ price: FixedDecimal) {
        change.add(.traded(price), to: KalshiContract.yes.option)
        change.add(.traded(ContractPrice.complement(price)), to: KalshiContract.no.option)
    }

    // MARK: Life

    mutating func readLife(_ context: RuleContext) throws(Refusal) -> KalshiLifeEvent {
        try fields.check(rules.life, in: context)
        guard let event = KalshiLifeEvent(fields.text(.eventType)) else {
            throw .bad("event_type", fields.text(.eventType), "an event of a market's life")
        }
        switch event {
        case .activated: change.status = .open
        case .deactivated: change.status = .suspended
        case .ended: readResult()
        case .described, .other: break
        }
        return event
    }

    /// A market may end without one side winning: then its end is told, and no result.
    private mutating func readResult() {
        change.status = .closed
        let result = fields.text(.result)
        if let winner = KalshiContract(result) {
            change.results = [(winner.name, .won), (winner.opposite.name, .lost)]
        } else if result.elementsEqual("void".utf8) {
            change.results = [(KalshiContract.yes.name, .void), (KalshiContract.no.name, .void)]
        }
    }

    // MARK: Values

    /// Dollars if the message has them, else cents. Nil without either.
    private mutating func price(
        _ dollars: KalshiMessageField?, cents: KalshiMessageField?
    ) throws(Refusal) -> FixedDecimal? {
        for (field, isCents) in [(dollars, false), (cents, true)] {
            guard let field, let value = fields.raw(field) else { continue }
            guard let price = price(value, isCents: isCents) else {
                let expectation = isCents ? "a price between 0 and 100" : ValueForm.probability.expectation
                throw .bad(field.key, value.text, expectation)
            }
            return price
        }
        return nil
    }

    private mutating func price(_ value: JSONValue, isCents: Bool) -> FixedDecimal? {
        guard let number = decimal(value), number.scaled >= 0 else { return nil }
        guard isCents else { return number.scaled <= FixedDecimal.scale ? number : nil }
        guard number.scaled <= 100 * FixedDecimal.scale, number.scaled.isMultiple(of: 100) else { return nil }
        return FixedDecimal(scaled: number.scaled / 100)
    }

    private mutating func decimal(_ value: JSONValue?) -> FixedDecimal? {
        guard let reading = value.flatMap(ValueReading.decimal) else { return nil }
        if reading.isRounded { change.rounded += 1 }
        return reading.value
    }
}
