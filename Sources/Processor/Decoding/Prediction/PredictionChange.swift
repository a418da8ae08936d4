import FeedModel

/// What one message says of one prediction market, checked, before anything is made of it. The texts are views into the
/// frame.
///
/// Read completely before a market is touched: a bad value refuses the message and leaves the market as it was.
struct PredictionChange {
    enum Side: UInt8 {
        /// Others want to buy: what can be sold.
        case bid
        /// Others want to sell: what can be bought.
        case ask
    }

    enum Step {
        /// The outcome's whole book follows; what is known of it goes.
        case image
        /// So many contracts at a price, 0 for none.
        case level(Side, price: FixedDecimal, size: FixedDecimal)
        /// The best prices as the provider told them: what counts as long as the book is not known.
        case best(bid: Offer?, ask: Offer?)
        case traded(FixedDecimal)
    }

    /// Something to buy or sell: a contract's price and, if it is known, how many there are.
    struct Offer: Equatable {
        var price: FixedDecimal
        var size: FixedDecimal?
    }

    /// How an outcome ended. Rare, so it has a text of its own.
    typealias Outcome = (option: [UInt8], result: SettlementResult)

    struct Move {
        let option: TextView
        let step: Step
    }

    var market = TextView.empty
    /// The fixture that the market belongs to, if the message tells; empty: the market is its own.
    var fixture = TextView.empty
    var moves: [Move] = []
    /// Nil leaves the market's status as it is.
    var status: OddsStatus?
    var results: [Outcome] = []
    /// Decimals with digits beyond 10⁻⁴.
    var rounded = 0

    mutating func reset(market: TextView) {
        self.market = market
        fixture = .empty
        moves.removeAll(keepingCapacity: true)
        status = nil
        results.removeAll(keepingCapacity: true)
        rounded = 0
    }

    mutating func add(_ step: Step, to option: TextView) { moves.append(Move(option: option, step: step)) }
}

/// What a provider says of a market beside its prices: names, and what it belongs to. Rare, so it has texts of its own.
struct MarketDescription {
    var market: [UInt8] = []
    /// Empty: the market is a fixture of its own.
    var fixture: [UInt8] = []
    var fixtureName: [UInt8] = []
    var tournament: [UInt8] = []
    var marketType: [UInt8] = []
    var name: [UInt8] = []
    var startTime: Timestamp?
    var outcomes: [(option: [UInt8], name: [UInt8])] = []
}
