import FeedJSON
import FeedModel

/// Reads a message of the market channel into a `PredictionChange`, holding it against the rules.
struct PolymarketReader: ~Copyable {
    private(set) var change = PredictionChange()
    private var fields = MessageReader<PolymarketField>()
    private var token = MessageReader<TokenField>()
    private let rules = PolymarketRules()
    private let sides = JSONKeyTable(["BUY", "SELL"])

    /// A message of more levels than this is refused: there are 9,999 prices a side.
    private static let maximumLevels = 65_536

    var type: JSONValue? { fields.raw(.eventType) }
    var time: Timestamp? { fields.time(.timestamp) }

    /// Collects the fields of a message.
    mutating func open(_ message: JSONValue) throws(Refusal) {
        try fields.open(message)
        change.reset(market: .empty)
    }

    mutating func checkAnnouncement(_ context: RuleContext) throws(Refusal) {
        try fields.check(rules.announcement, in: context)
    }

    // MARK: Messages

    mutating func readBook(_ context: RuleContext) throws(Refusal) {
        try fields.check(rules.book, in: context)
        change.reset(market: fields.text(.market))
        let asset = fields.text(.assetId)
        change.add(.image, to: asset)
        try readLevels(.bids, .bid, of: asset, context)
        try readLevels(.asks, .ask, of: asset, context)
        if let price = try price(fields.raw(.lastTradePrice), "last_trade_price") {
            change.add(.traded(price), to: asset)
        }
    }

    private mutating func readLevels(
        _ field: PolymarketField, _ side: PredictionChange.Side, of asset: TextView, _ context: RuleContext
    ) throws(Refusal) {
        guard let list = fields.raw(field) else { return }
        for row in list.elements {
            guard row.kind == .object else { throw .bad(field.key, row.text, "a list of price levels") }
            try token.open(row)
            try addLevel(side, to: asset, context)
        }
    }

    /// One price level: the fields of `token`.
    private mutating func addLevel(
        _ side: PredictionChange.Side, to asset: TextView, _ context: RuleContext
    ) throws(Refusal) {
        guard change.moves.count < Self.maximumLevels else {
            throw Refusal(.tooLarge, "message has more than \(Self.maximumLevels) price levels")
        }
        try token.check(rules.level, in: context)
        change.rounded += token.rounded
        guard let price = token.decimal(.price), let size = token.decimal(.size) else { throw .missing("price") }
        guard ContractPrice.isTradable(price) else {
            throw .bad("price", token.raw(.price)?.text ?? .empty, "a price between 0 and 1")
        }
        change.add(.level(side, price: price, size: size), to: asset)
    }

    /// Three forms were in use one after the other: changes of several tokens, of one token, and a single change.
    mutating func readPriceChange(_ message: JSONValue, _ context: RuleContext) throws(Refusal) {
        try fields.check(rules.priceChange, in: context)
        change.reset(market: fields.text(.market))
        if let list = fields.raw(.priceChanges) ?? fields.raw(.changes) {
            for row in list.elements {
                guard row.kind == .object else { throw .bad("price_changes", row.text, "a list of changes") }
                try token.open(row)
                try readTokenChange(context)
            }
        } else {
            try token.open(message)
            try readTokenChange(context)
        }
    }

    private mutating func readTokenChange(_ context: RuleContext) throws(Refusal) {
        guard let value = token.raw(.side) else { throw .missing("side") }
        let side = value.isString ? sides.index(of: value.text) : -1
        guard side >= 0 else { throw .bad("side", value.text, "BUY or SELL") }
        guard let name = token.raw(.assetId) ?? fields.raw(.assetId) else { throw .missing("asset_id") }
        guard let asset = ValueReading.id(name) else { throw .bad("asset_id", name.text, ValueForm.id.expectation) }
        try addLevel(side == 0 ? .bid : .ask, to: asset, context)
        guard token.raw(.bestBid) != nil || token.raw(.bestAsk) != nil else { return }
        try addBest(bid: token.raw(.bestBid), ask: token.raw(.bestAsk), to: asset)
    }

    mutating func readTrade(_ context: RuleContext) throws(Refusal) {
        try fields.check(rules.trade, in: context)
        change.reset(market: fields.text(.market))
        change.rounded += fields.rounded
        if let price = fields.decimal(.price) { change.add(.traded(price), to: fields.text(.assetId)) }
    }

    mutating func readBest(_ context: RuleContext) throws(Refusal) {
        try fields.check(rules.best, in: context)
        change.reset(market: fields.text(.market))
        try addBest(bid: fields.raw(.bestBid), ask: fields.raw(.bestAsk), to: fields.text(.assetId))
    }

    mutating func readResolution(_ context: RuleContext) throws(Refusal) {
        try fields.check(rules.resolution, in: context)
        change.reset(market: fields.text(.market))
        change.status = .closed
        guard let assets = fields.raw(.assetsIds) else { throw .missing("assets_ids") }
        let winner = fields.text(.winningAssetId)
        var hasWinner = false
        for value in assets.elements {
            guard let asset = ValueReading.id(value) else { throw .bad("assets_ids", value.text, "a list of ids") }
            hasWinner = hasWinner || asset.isEqual(to: winner)
            change.results.append(([UInt8](asset), asset.isEqual(to: winner) ? .won : .lost))
        }
        guard hasWinner else { throw .bad("winning_asset_id", winner, "one of assets_ids") }
    }

    /// A closed market of the catalogue: its outcomes' results.
    mutating func setResults(_ results: [PredictionChange.Outcome], of market: TextView) {
        change.reset(market: market)
        change.status = .closed
        change.results = results
    }

    // MARK: Values

    /// 0, 1 and an empty text stand for a side without offers.
    private mutating func addBest(bid: JSONValue?, ask: JSONValue?, to asset: TextView) throws(Refusal) {
        let bid = try price(bid, "best_bid").flatMap { Self.offer($0) }
        let ask = try price(ask, "best_ask").flatMap { Self.offer($0) }
        change.add(.best(bid: bid, ask: ask), to: asset)
    }

    private static func offer(_ price: FixedDecimal) -> PredictionChange.Offer? {
        ContractPrice.isTradable(price) ? .init(price: price, size: nil) : nil
    }

    private mutating func price(_ value: JSONValue?, _ field: String) throws(Refusal) -> FixedDecimal? {
        guard let value, !(value.isString && value.text.isEmpty) else { return nil }
        guard let reading = ValueReading.decimal(value), reading.value.scaled >= 0,
            reading.value.scaled <= FixedDecimal.scale
        else { throw .bad(field, value.text, ValueForm.probability.expectation) }
        if reading.isRounded { change.rounded += 1 }
        return reading.value
    }
}
