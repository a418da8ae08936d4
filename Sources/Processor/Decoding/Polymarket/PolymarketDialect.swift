import FeedJSON
import FeedModel

/// The messages of the market channel.
struct PolymarketDialect: PredictionDialect, ~Copyable {
    static let version: UInt8 = 1

    private enum Kind: Int {
        case book, priceChange, lastTradePrice, tickSizeChange, bestBidAsk, newMarket, marketResolved, order, trade
    }

    private let kinds = JSONKeyTable([
        "book", "price_change", "last_trade_price", "tick_size_change", "best_bid_ask", "new_market",
        "market_resolved", "order", "trade",
    ])
    private var reader = PolymarketReader()

    init() {}

    static func isSession(_ frame: UnsafeRawBufferPointer) -> Bool {
        frame.count == 4 && (frame.elementsEqual("PONG".utf8) || frame.elementsEqual("PING".utf8))
    }

    mutating func decode(
        _ message: JSONValue, at place: MessagePlace, markets: inout PredictionTable, into output: inout DecodeOutput
    ) throws(Refusal) {
        guard let kind = try kind(of: message) else {
            return try describe(catalogued: message, place, &markets, &output)
        }
        let context = RuleContext(window: place.window)
        switch kind {
        case .book: try reader.readBook(context)
        case .priceChange: try reader.readPriceChange(message, context)
        case .lastTradePrice: try reader.readTrade(context)
        case .bestBidAsk: try reader.readBest(context)
        case .newMarket: return try describe(announced: message, context, place, &markets, &output)
        case .marketResolved:
            try reader.readResolution(context)
            // Everyone is told of every market's end.
            guard markets.isPriced(reader.change.market) else { return output.counters.unused += 1 }
        case .tickSizeChange, .order, .trade: return output.counters.unused += 1
        }
        output.counters.rounded += reader.change.rounded
        let publication = markets.publication(at: place, time: reader.time)
        markets.apply(reader.change, publication, &output)
    }

    /// Nil for a market as the catalogue has it, which has no type.
    private mutating func kind(of message: JSONValue) throws(Refusal) -> Kind? {
        try reader.open(message)
        guard let type = reader.type else {
            if message.member("conditionId") != nil { return nil }
            throw .missing("event_type")
        }
        guard let kind = type.isString ? Kind(rawValue: kinds.index(of: type.text)) : nil else {
            let name = UnsafeRawBufferPointer(rebasing: type.text.prefix(100)).string
            throw Refusal(.unknownType, "event_type: \(name) is not known")
        }
        return kind
    }

    private mutating func describe(
        announced message: JSONValue, _ context: RuleContext, _ place: MessagePlace,
        _ markets: inout PredictionTable, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try reader.checkAnnouncement(context)
        let publication = markets.publication(at: place, time: reader.time)
        markets.describe(try PolymarketCatalogue.announced(message), publication, &output)
    }

    private mutating func describe(
        catalogued message: JSONValue, _ place: MessagePlace, _ markets: inout PredictionTable,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        let entry = try PolymarketCatalogue.catalogued(message)
        let publication = markets.publication(at: place, time: nil)
        markets.describe(entry.description, publication, &output)
        guard !entry.results.isEmpty, let market = message.member("conditionId")?.text, markets.isPriced(market) else {
            return
        }
        reader.setResults(entry.results, of: market)
        markets.apply(reader.change, publication, &output)
    }
}
