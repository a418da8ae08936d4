import FeedModel

/// How a subscriber wants prices written.
package enum OddsFormat: String, Sendable, CaseIterable {
    /// Exact, at most four decimals.
    case decimal
    /// Whole numbers: the profit on 100 from even money upwards, below it minus the stake that wins 100.
    case american
    /// Implied probability, rounded to four decimals.
    case probability
}

extension JSONBytes {
    /// Writes a price in a format; `null` if that format cannot express it (odds of 1 or less).
    mutating func price(_ odds: FixedDecimal, _ format: OddsFormat) {
        switch format {
        case .decimal: decimal(odds)
        case .american:
            let profit = odds.scaled - FixedDecimal.scale
            guard profit > 0 else { return raw("null") }
            if profit >= FixedDecimal.scale {
                integer((profit + 50) / 100)
            } else {
                integer(-((1_000_000 + profit / 2) / profit))
            }
        case .probability:
            guard odds.scaled > 0 else { return raw("null") }
            decimal(FixedDecimal(scaled: (100_000_000 + odds.scaled / 2) / odds.scaled))
        }
    }
}
