import FeedJSON
import FeedModel

/// The messages of the Kalshi exchange.
///
/// Their `seq` counts per subscription, and there are several: the entry's range of sequences, which is one count, stays
/// empty. The session checks them.
struct KalshiDialect: PredictionDialect, ~Copyable {
    static let version: UInt8 = 1

    private var envelope = MessageReader<KalshiField>()
    private var reader = KalshiReader()

    init() {}

    static func isSession(_ frame: UnsafeRawBufferPointer) -> Bool { false }

    mutating func decode(
        _ message: JSONValue, at place: MessagePlace, markets: inout PredictionTable, into output: inout DecodeOutput
    ) throws(Refusal) {
        try envelope.open(message)
        let kind = try kind()
        switch kind {
        case .session: return output.counters.session += 1
        case .unused: return output.counters.unused += 1
        default: break
        }
        guard let body = envelope.raw(.msg) else { throw .missing("msg") }
        guard body.kind == .object else { throw .bad("msg", body.text, "an object") }
        let context = RuleContext(window: place.window)
        guard kind != .eventLife else { return try describe(event: body, context, place, &markets, &output) }
        try reader.open(body, context)
        switch kind {
        case .snapshot: try reader.readSnapshot()
        case .delta:
            // Without its book, a change of it says nothing.
            guard try reader.readDelta(markets) else { return output.counters.unused += 1 }
        case .ticker: try reader.readTicker(context)
        case .trade: try reader.readTrade(body)
        default: return try decode(life: body, context, place, &markets, &output)
        }
        output.counters.rounded += reader.change.rounded
        let publication = markets.publication(at: place, time: reader.time)
        markets.apply(reader.change, publication, &output)
    }

    private func kind() throws(Refusal) -> KalshiKind {
        guard let type = envelope.raw(.type) else { throw .missing("type") }
        guard type.isString, let kind = KalshiKind(type.text) else {
            let name = UnsafeRawBufferPointer(rebasing: type.text.prefix(100)).string
            throw Refusal(.unknownType, "type: \(name) is not known")
        }
        return kind
    }

    private mutating func decode(
        life body: JSONValue, _ context: RuleContext, _ place: MessagePlace, _ markets: inout PredictionTable,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        let event = try reader.readLife(context)
        let publication = markets.publication(at: place, time: reader.time)
        if event == .described, let details = body.member("additional_metadata") {
            return markets.describe(KalshiCatalogue.market(body, details), publication, &output)
        }
        // Everyone is told of every market's life.
        guard reader.change.status != nil, markets.isPriced(reader.change.market) else {
            return output.counters.unused += 1
        }
        markets.apply(reader.change, publication, &output)
    }

    private mutating func describe(
        event body: JSONValue, _ context: RuleContext, _ place: MessagePlace, _ markets: inout PredictionTable,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        let time = try reader.checkEvent(body, context)
        let publication = markets.publication(at: place, time: time)
        let isKnown = markets.describe(
            fixture: NameText.id(body.member("event_ticker")), name: NameText.read(body.member("title")),
            tournament: NameText.id(body.member("series_ticker")), publication, &output)
        if !isKnown { output.counters.unused += 1 }
    }
}

/// What Kalshi says of a market beside its prices.
enum KalshiCatalogue {
    static func market(_ body: JSONValue, _ details: JSONValue) -> MarketDescription {
        var description = MarketDescription()
        description.market = NameText.id(body.member("market_ticker"))
        description.fixture = NameText.id(details.member("event_ticker"))
        let title = NameText.read(details.member("title"))
        description.name = title.isEmpty ? NameText.read(details.member("name")) : title
        description.outcomes = [
            (KalshiContract.yes.name, NameText.read(details.member("yes_sub_title"))),
            (KalshiContract.no.name, NameText.read(details.member("no_sub_title"))),
        ]
        return description
    }
}
