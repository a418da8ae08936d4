import FeedModel

/// Probabilities to prices on a ladder, with a bookmaker's margin.
enum Pricing {
    /// An outcome more certain than this is no longer offered: its price would leave no room for the margin.
    static let certainty = 0.962

    static let highest = FixedDecimal(scaled: 501 * FixedDecimal.scale)
    private static let lowest = FixedDecimal(scaled: 10_100)

    /// Prices whose implied probabilities sum to about 1 + margin.
    ///
    /// The margin is shared by p × (1 − p), so that a favourite stays above 1.01 and outsiders bear more than their share,
    /// as in real books.
    static func prices(of probabilities: [Double], margin: Double) -> [FixedDecimal] {
        let spread = probabilities.reduce(0) { $0 + $1 * (1 - $1) }
        return probabilities.map { probability in
            let share = spread > 0 ? probability * (1 - probability) / spread : 0
            return rounded(1 / max(probability + margin * share, 1e-6))
        }
    }

    static func isOffered(_ probabilities: [Double]) -> Bool { probabilities.allSatisfy { $0 <= certainty } }

    /// The nearest price on the ladder.
    static func rounded(_ odd: Double) -> FixedDecimal {
        let scaled = min(odd, 1_000) * Double(FixedDecimal.scale)
        let tick: Double =
            switch odd {
            case ..<4: 100
            case ..<10: 500
            case ..<20: 1_000
            case ..<50: 5_000
            case ..<100: 10_000
            default: 50_000
            }
        let value = FixedDecimal(scaled: Int64((scaled / tick).rounded()) * Int64(tick))
        return min(max(value, lowest), highest)
    }
}
