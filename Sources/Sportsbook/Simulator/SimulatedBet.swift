import FeedModel

/// A bet of a user on one option of a fixture.
struct SimulatedBet {
    let id: String
    let user: String
    let currency: String
    /// Indices into the fixture's markets and the market's options.
    let market: Int
    let option: Int
    let amount: FixedDecimal
    let odd: FixedDecimal
    var status = BetStatus.placed
    /// When the book decides about the bet, or an accepted one is cashed out; nil if nothing more is planned.
    var due: Timestamp?

    /// Stake × price in whole cents, half to even.
    var potentialWin: FixedDecimal {
        // Both factors have scale 10⁴; the product of a stake and a price stays far below 2⁶³.
        let product = amount.scaled * odd.scaled
        let cent: Int64 = 1_000_000
        let (cents, rest) = product.quotientAndRemainder(dividingBy: cent)
        let isUp = rest * 2 > cent || (rest * 2 == cent && cents % 2 != 0)
        return FixedDecimal(scaled: (cents + (isUp ? 1 : 0)) * 100)
    }

    /// What the result of its option makes of an accepted bet.
    static func status(after result: SettlementResult) -> BetStatus {
        switch result {
        case .won, .placed: .won
        case .lost: .lost
        case .void, .removed: .void
        }
    }
}
