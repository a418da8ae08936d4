import FeedModel

/// Adds up implied probabilities: what a whole market's prices come to above 1.
struct Overround {
    /// Of 10⁻⁸, so that what is cut off cannot show in four digits.
    private var sum: Int64 = 0
    private var selections = 0

    mutating func add(_ odd: FixedDecimal) {
        guard odd.scaled > 0 else { return }
        sum += 1_000_000_000_000 / odd.scaled
        selections += 1
    }

    /// Nil for fewer than two selections: that is no market.
    var value: FixedDecimal? {
        guard selections >= 2 else { return nil }
        let excess = sum - 100_000_000
        let (quotient, rest) = excess.quotientAndRemainder(dividingBy: 10_000)
        return FixedDecimal(scaled: quotient + (rest >= 5_000 ? 1 : rest <= -5_000 ? -1 : 0))
    }
}
