import FeedModel

/// One bet as the exchange sent it, checked: all there is to know of it, not a change. The texts are views into the frame.
struct Order {
    var id = TextView.empty
    /// The customer's name for the strategy that placed it; may be empty.
    var strategy = TextView.empty
    var side = BetSide.back
    /// Nothing more will be matched.
    var isComplete = false
    /// Placed at the starting price: by liability, its odds are known when the market starts.
    var isAtStartingPrice = false
    var price: FixedDecimal?
    var averagePrice: FixedDecimal?
    var size = FixedDecimal(scaled: 0)
    var matched = FixedDecimal(scaled: 0)
    var remaining = FixedDecimal(scaled: 0)
    var voided = FixedDecimal(scaled: 0)
    var liability: FixedDecimal?
}

/// What is told of a bet: equal terms are not told twice.
struct BetTerms: Equatable {
    var status = BetStatus.placed
    var side = BetSide.back
    var amount = FixedDecimal(scaled: 0)
    var odd = FixedDecimal(scaled: 0)
    var potentialWin = FixedDecimal(scaled: 0)
    /// Of the user's name.
    var user: UInt64 = 0
}

extension Order {
    /// The bet in our words. As long as nothing is matched it is what it asks for; from then on, what it got.
    /// - Parameter isLine: The market is about a number, at even money: its prices are no odds.
    func terms(isLine: Bool) throws(Refusal) -> BetTerms {
        var terms = BetTerms()
        terms.side = side
        (terms.status, terms.amount) = standing
        terms.odd = isLine ? Self.evenMoney : matched.scaled > 0 ? averagePrice ?? asked : asked
        if isUnpriced { return terms }
        // A lay that wins is paid the same: what it put up, size × (odds − 1), and the size.
        guard let win = Self.product(terms.amount, terms.odd) else {
            throw Refusal(.badValue, "s: \(terms.amount) at \(terms.odd) is more than can be counted")
        }
        terms.potentialWin = win
        return terms
    }

    private static var evenMoney: FixedDecimal { FixedDecimal(scaled: 2 * FixedDecimal.scale) }

    private var asked: FixedDecimal { price ?? FixedDecimal(scaled: 0) }

    /// A liability is no size: what it wins depends on odds that nobody knows yet.
    private var isUnpriced: Bool { isAtStartingPrice && matched.scaled == 0 }

    private var standing: (BetStatus, FixedDecimal) {
        if matched.scaled > 0 { return (.accepted, matched) }
        if isComplete, voided.scaled > 0 { return (.void, voided) }
        let unmatched = isComplete ? size : remaining
        return (isComplete ? .rejected : .placed, isUnpriced ? liability ?? unmatched : unmatched)
    }

    /// Of two decimals from 0, rounded half to even; nil beyond what a decimal can be.
    static func product(_ left: FixedDecimal, _ right: FixedDecimal) -> FixedDecimal? {
        let divisor = UInt64(FixedDecimal.scale)
        let product = left.scaled.magnitude.multipliedFullWidth(by: right.scaled.magnitude)
        guard product.high < divisor else { return nil }
        let (quotient, rest) = divisor.dividingFullWidth(product)
        let isUp = rest * 2 > divisor || (rest * 2 == divisor && quotient % 2 == 1)
        return Int64(exactly: quotient).flatMap { whole in
            let (result, overflow) = whole.addingReportingOverflow(isUp ? 1 : 0)
            return overflow ? nil : FixedDecimal(scaled: result)
        }
    }
}
