import FeedModel

/// The kinds of messages.
enum KalshiKind {
    case snapshot, delta, ticker, trade, marketLife, eventLife
    /// Answers to commands.
    case session
    /// Known and not used: private channels, combinations of markets, fees.
    case unused

    private static let names: [(name: StaticString, kind: KalshiKind)] = [
        ("orderbook_delta", .delta), ("ticker", .ticker), ("trade", .trade), ("orderbook_snapshot", .snapshot),
        ("market_lifecycle_v2", .marketLife), ("event_lifecycle", .eventLife),
        ("subscribed", .session), ("unsubscribed", .session), ("ok", .session), ("error", .session),
        ("fill", .unused), ("market_position", .unused), ("user_order", .unused), ("order_group_updates", .unused),
        ("multivariate_lookup", .unused), ("event_fee_update", .unused),
    ]

    init?(_ text: TextView) {
        guard let known = Self.names.first(where: { text.isEqual(to: $0.name.view) }) else { return nil }
        self = known.kind
    }
}

/// What happens in the life of a market.
enum KalshiLifeEvent {
    case described, activated, deactivated, ended
    /// Known and without meaning for prices.
    case other

    private static let names: [(name: StaticString, event: KalshiLifeEvent)] = [
        ("created", .described), ("metadata_updated", .described), ("activated", .activated),
        ("deactivated", .deactivated), ("determined", .ended), ("settled", .ended), ("close_date_updated", .other),
        ("price_level_structure_updated", .other),
    ]

    init?(_ text: TextView) {
        guard let known = Self.names.first(where: { text.isEqual(to: $0.name.view) }) else { return nil }
        self = known.event
    }
}

/// The two contracts of every market. Each is the other's opposite: who buys one at a price sells the other at 1 − price.
enum KalshiContract {
    case yes, no

    var opposite: KalshiContract { self == .yes ? .no : .yes }

    var option: TextView { (self == .yes ? "yes" as StaticString : "no").view }
    var name: [UInt8] { Array((self == .yes ? "yes" : "no").utf8) }

    init?(_ text: TextView) {
        switch text.count {
        case 3 where text.isEqual(to: KalshiContract.yes.option): self = .yes
        case 2 where text.isEqual(to: KalshiContract.no.option): self = .no
        default: return nil
        }
    }
}

/// What tickers tell by themselves.
enum KalshiTicker {
    /// The event of a market: its ticker without the last part, as in `KXMATCH-26JUL14FRAESP-FRA`. A ticker of two parts
    /// is an event of one market.
    static func event(of market: TextView) -> TextView {
        let dash = UInt8(ascii: "-")
        guard let last = market.lastIndex(of: dash), last > 0, market[..<last].contains(dash) else { return market }
        return TextView(rebasing: market[..<last])
    }
}

extension StaticString {
    /// The bytes, which live as long as the process.
    fileprivate var view: TextView { TextView(start: utf8Start, count: utf8CodeUnitCount) }
}
