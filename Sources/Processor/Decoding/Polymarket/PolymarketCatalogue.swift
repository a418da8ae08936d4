import FeedJSON
import FeedModel

/// What Polymarket says of a market beside its prices: the announcement of a new market, and a market as the catalogue
/// (the Gamma API) has it, which recordings put before its prices. Both are rare.
enum PolymarketCatalogue {
    struct Entry {
        var description = MarketDescription()
        /// Of a market that is resolved.
        var results: [PredictionChange.Outcome] = []
    }

    static func announced(_ message: JSONValue) throws(Refusal) -> MarketDescription {
        var description = MarketDescription()
        description.market = NameText.id(message.member("market"))
        description.name = NameText.read(message.member("question"))
        description.marketType = NameText.id(message.member("sports_market_type"))
        description.startTime = time(message.member("game_start_time"))
        if let event = message.member("event_message") {
            description.fixture = NameText.id(event.member("slug"))
            description.fixtureName = NameText.read(event.member("title"))
        }
        description.outcomes = try outcomes(
            texts(message.member("assets_ids")), texts(message.member("outcomes")), of: "outcomes")
        return description
    }

    static func catalogued(_ message: JSONValue) throws(Refusal) -> Entry {
        var entry = Entry()
        let id = NameText.id(message.member("conditionId"))
        guard !id.isEmpty else { throw Refusal(.badValue, "conditionId is not \(ValueForm.id.expectation)") }
        entry.description.market = id
        entry.description.name = NameText.read(message.member("question"))
        entry.description.marketType = NameText.id(message.member("sportsMarketType"))
        entry.description.startTime = time(message.member("eventStartTime")) ?? time(message.member("gameStartTime"))
        var events = message.member("events")?.elements
        if let event = events?.next() {
            entry.description.fixture = NameText.id(event.member("slug"))
            entry.description.fixtureName = NameText.read(event.member("title"))
            entry.description.tournament = NameText.id(event.member("seriesSlug"))
        }
        let tokens = texts(message.member("clobTokenIds"))
        entry.description.outcomes = try outcomes(tokens, texts(message.member("outcomes")), of: "outcomes")
        guard message.member("umaResolutionStatus")?.text.elementsEqual("resolved".utf8) == true else { return entry }
        let prices = texts(message.member("outcomePrices"))
        for (token, price) in try outcomes(tokens, prices, of: "outcomePrices") {
            entry.results.append((token, result(at: price)))
        }
        return entry
    }

    /// What a contract was worth in the end: all, nothing, or its share of a market that was called off.
    private static func result(at price: [UInt8]) -> SettlementResult {
        switch price {
        case Array("1".utf8): .won
        case Array("0".utf8): .lost
        default: .void
        }
    }

    private static func outcomes(
        _ tokens: [[UInt8]], _ values: [[UInt8]], of field: String
    ) throws(Refusal) -> [(option: [UInt8], name: [UInt8])] {
        guard tokens.count == values.count, tokens.allSatisfy({ (1...ValueForm.textBytes).contains($0.count) }) else {
            throw Refusal(.badValue, "\(field): \(values.count) values for \(tokens.count) tokens")
        }
        return zip(tokens, values).map { ($0, $1) }
    }

    /// The texts of a list; the catalogue writes lists as JSON inside a text.
    private static func texts(_ value: JSONValue?) -> [[UInt8]] {
        guard let value, value.isString else { return value.map { $0.elements.map { NameText.read($0) } } ?? [] }
        let padded = [UInt8](value.text) + [UInt8](repeating: 0, count: JSONScanner.slack)
        return padded.withUnsafeBytes { bytes in
            let scanner = JSONScanner()
            let text = UnsafeRawBufferPointer(rebasing: bytes[..<value.text.count])
            guard let list = try? scanner.scan(text) else { return [] }
            // The tokens are the scanner's.
            return withExtendedLifetime(scanner) { list.elements.map { NameText.read($0) } }
        }
    }

    /// RFC 3339, or `2026-04-05 15:10:00+00`. Nil for anything else: a name is worth more than its date.
    private static func time(_ value: JSONValue?) -> Timestamp? {
        guard let value, value.isString, value.text.count > 11 else { return nil }
        var text = [UInt8](value.text)
        if text[10] == UInt8(ascii: " ") { text[10] = UInt8(ascii: "T") }
        if text.suffix(3).elementsEqual("+00".utf8) { text += ":00".utf8 }
        return text.withUnsafeBytes { Timestamp(rfc3339: $0) }
    }
}
