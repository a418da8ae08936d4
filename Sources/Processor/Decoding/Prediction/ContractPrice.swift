import FeedModel

/// Prices of contracts that pay 1 when they win: a price is a probability, and what it pays for is odds.
enum ContractPrice {
    /// Decimal odds of a price: 1/price, rounded half to even. Nil for 0 and 1, which nobody can trade at.
    static func odds(_ price: FixedDecimal) -> FixedDecimal? {
        guard isTradable(price) else { return nil }
        let (quotient, rest) = (FixedDecimal.scale * FixedDecimal.scale).quotientAndRemainder(
            dividingBy: price.scaled)
        let isUp = 2 * rest > price.scaled || (2 * rest == price.scaled && !quotient.isMultiple(of: 2))
        return FixedDecimal(scaled: isUp ? quotient + 1 : quotient)
    }

    /// What the opposite contract costs when this one is sold at `price`.
    static func complement(_ price: FixedDecimal) -> FixedDecimal {
        FixedDecimal(scaled: FixedDecimal.scale - price.scaled)
    }

    static func isTradable(_ price: FixedDecimal) -> Bool { price.scaled > 0 && price.scaled < FixedDecimal.scale }
}
