import FeedJSON
import FeedModel

/// The market that orders stand in, as the head of its change says.
struct OrderMarket {
    let id: TextView
    let account: TextView
    /// What is not in this change is over: the market closed, or this is all there is.
    let isWhole: Bool
    let runners: JSONValue?
}

/// The runner that orders stand on.
struct OrderRunner {
    let key: RunnerKey
    let isWhole: Bool
    /// Says what was matched, by price: nothing that the orders do not say.
    let hasLadders: Bool
    let orders: JSONValue?
}

/// Reads the parts of a message of orders, each for itself, so that what is wrong in one leaves the others alone.
struct OrderReader: ~Copyable {
    private var market = MessageReader<OrderMarketField>()
    private var runner = MessageReader<OrderRunnerField>()
    private var order = MessageReader<OrderField>()
    private let rules = OrderRules()

    /// Decimals of the last order with digits beyond 10⁻⁴.
    var rounded: Int { order.rounded }

    mutating func market(_ element: JSONValue, _ context: RuleContext) throws(Refusal) -> OrderMarket {
        guard element.kind == .object else { throw .bad("oc", element.text, "a list of objects") }
        try market.open(element)
        try market.check(rules.market, in: context)
        return OrderMarket(
            id: market.text(.id), account: market.text(.accountId),
            isWhole: market.number(.fullImage) == 1 || market.number(.closed) == 1, runners: market.raw(.orc))
    }

    mutating func runner(_ element: JSONValue, _ context: RuleContext) throws(Refusal) -> OrderRunner {
        guard element.kind == .object else { throw .bad("orc", element.text, "a list of objects") }
        try runner.open(element)
        try runner.check(rules.runner, in: context)
        guard let id = ValueReading.integer(runner.text(.id)) else {
            throw .bad("id", runner.text(.id), "a selection's number")
        }
        return OrderRunner(
            key: RunnerKey(id: id, line: runner.decimal(.hc)?.scaled ?? 0), isWhole: runner.number(.fullImage) == 1,
            hasLadders: [.mb, .ml, .smc].contains { runner.raw($0) != nil }, orders: runner.raw(.uo))
    }

    /// - Parameter isLine: The market's prices are no odds.
    mutating func order(_ element: JSONValue, isLine: Bool, _ context: RuleContext) throws(Refusal) -> Order {
        guard element.kind == .object else { throw .bad("uo", element.text, "a list of objects") }
        try order.open(element)
        try order.check(rules.order, in: context)
        var result = Order()
        result.id = order.text(.id)
        result.strategy = order.text(.rfs)
        result.side = try side()
        result.isComplete = try isComplete()
        result.isAtStartingPrice = try isAtStartingPrice()
        result.price = try price(.p, isLine: isLine)
        result.averagePrice = try price(.avp, isLine: isLine)
        result.size = order.decimal(.s) ?? result.size
        result.matched = order.decimal(.sm) ?? result.matched
        result.remaining = order.decimal(.sr) ?? result.remaining
        result.voided = order.decimal(.sv) ?? result.voided
        result.liability = order.decimal(.bsp)
        guard result.price != nil || result.isAtStartingPrice || isLine else { throw .missing("p") }
        return result
    }

    private func side() throws(Refusal) -> BetSide {
        let text = order.text(.side)
        if text.elementsEqual("B".utf8) { return .back }
        if text.elementsEqual("L".utf8) { return .lay }
        throw .bad("side", text, "B or L")
    }

    private func isComplete() throws(Refusal) -> Bool {
        let text = order.text(.status)
        if text.elementsEqual("E".utf8) { return false }
        if text.elementsEqual("EC".utf8) { return true }
        throw .bad("status", text, "E or EC")
    }

    private func isAtStartingPrice() throws(Refusal) -> Bool {
        let text = order.text(.ot)
        if text.isEmpty || text.elementsEqual("L".utf8) { return false }
        if text.elementsEqual("LOC".utf8) || text.elementsEqual("MOC".utf8) { return true }
        throw .bad("ot", text, "L, LOC or MOC")
    }

    /// Nil for 0, which stands for none.
    private func price(_ field: OrderField, isLine: Bool) throws(Refusal) -> FixedDecimal? {
        guard let price = order.decimal(field), price.scaled != 0 else { return nil }
        guard isLine || ValueForm.oddsRange.contains(price) else {
            throw .bad(field.key, order.raw(field)?.text ?? .empty, ValueForm.odds.expectation)
        }
        return price
    }
}
