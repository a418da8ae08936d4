import FeedModel

/// Feeds of prediction exchanges: books and changes, good and bad, trades, ends, names, snapshots.
extension RandomFeed {
    static func polymarket(seed: UInt64) -> [Entry] { prediction(seed: seed, polymarketMessage) }
    static func kalshi(seed: UInt64) -> [Entry] { prediction(seed: seed, kalshiMessage) }

    private static func prediction(
        seed: UInt64, _ message: (inout SeededGenerator) -> String
    ) -> [Entry] {
        var generator = SeededGenerator(seed: seed)
        return (0..<120).map { index in
            if index % 40 == 20 { return .control(.snapshotBegan) }
            if index % 40 == 25 { return .control(.snapshotEnded) }
            return .frames(
                (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    let messages = (0..<Int.random(in: 1...3, using: &generator)).map { _ in message(&generator) }
                    return Array((messages.count == 1 ? messages[0] : "[\(messages.joined(separator: ","))]").utf8)
                })
        }
    }

    private static func price(_ generator: inout SeededGenerator) -> String {
        ["0.1", "0.25", "0.5", "0.51", "0.999", "1.2"].randomElement(using: &generator) ?? ""
    }

    private static func levels(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            "{\"price\":\"\(price(&generator))\",\"size\":\"\(Int.random(in: 0...3, using: &generator))\"}"
        }.joined(separator: ",")
    }

    private static func polymarketMessage(_ generator: inout SeededGenerator) -> String {
        let market = Int.random(in: 0..<4, using: &generator)
        let asset = "\(market)\(Int.random(in: 0..<2, using: &generator))"
        let head = "\"market\":\"0x\(market)\",\"timestamp\":\"1763719199000\",\"asset_id\":\"\(asset)\""
        switch Int.random(in: 0..<12, using: &generator) {
        case 0...2:
            return
                "{\"event_type\":\"book\",\(head),\"bids\":[\(levels(&generator))],\"asks\":[\(levels(&generator))]}"
        case 3: return "{\"event_type\":\"last_trade_price\",\(head),\"price\":\"\(price(&generator))\"}"
        case 4: return "{\"event_type\":\"best_bid_ask\",\(head),\"best_bid\":\"0.2\",\"best_ask\":\"0.4\"}"
        case 5:
            let ids = "\"assets_ids\":[\"\(market)0\",\"\(market)1\"]"
            return Bool.random(using: &generator)
                ? "{\"event_type\":\"market_resolved\",\(head),\(ids),\"winning_asset_id\":\"\(asset)\"}"
                : "{\"event_type\":\"new_market\",\(head),\(ids),\"question\":\"Q\",\"outcomes\":[\"A\",\"B\"]}"
        default:
            let side = ["BUY", "SELL", "HOLD"].randomElement(using: &generator) ?? ""
            let change =
                "{\"asset_id\":\"\(asset)\",\"price\":\"\(price(&generator))\",\"side\":\"\(side)\",\"size\":\"5\"}"
            return "{\"event_type\":\"price_change\",\(head),\"price_changes\":[\(change)]}"
        }
    }

    private static func kalshiMessage(_ generator: inout SeededGenerator) -> String {
        let market = "\"market_ticker\":\"E-1-M\(Int.random(in: 0..<4, using: &generator))\",\"ts\":1763719199"
        let rows = (0..<3).map { _ in "[\"\(price(&generator))\",\"5\"]" }
        switch Int.random(in: 0..<12, using: &generator) {
        case 0...2:
            return
                "{\"type\":\"orderbook_snapshot\",\"msg\":{\(market),\"yes_dollars_fp\":[\(rows[0])],\"no_dollars_fp\":[\(rows[1])]}}"
        case 3:
            return
                "{\"type\":\"trade\",\"msg\":{\(market),\"yes_price\":\(Int.random(in: 0..<105, using: &generator))}}"
        case 4: return "{\"type\":\"ticker\",\"msg\":{\(market),\"yes_bid\":20,\"yes_ask\":30,\"price\":0}}"
        case 5:
            let event =
                ["activated", "deactivated", "determined", "created", "odd"].randomElement(using: &generator) ?? ""
            let more = "\"result\":\"yes\",\"additional_metadata\":{\"title\":\"T\",\"yes_sub_title\":\"Y\"}"
            return "{\"type\":\"market_lifecycle_v2\",\"msg\":{\(market),\"event_type\":\"\(event)\",\(more)}}"
        default:
            let side = ["yes", "no"].randomElement(using: &generator) ?? ""
            let delta = Int.random(in: -6...6, using: &generator)
            return
                "{\"type\":\"orderbook_delta\",\"msg\":{\(market),\"side\":\"\(side)\",\"price_dollars\":\"\(price(&generator))\",\"delta_fp\":\"\(delta)\"}}"
        }
    }
}
