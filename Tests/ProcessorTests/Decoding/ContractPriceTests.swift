import FeedModel
import Testing

@testable import Processor

@Suite struct ContractPriceTests {
    @Test(arguments: [
        ("0.5", "2"), ("0.4", "2.5"), ("0.3", "3.3333"), ("0.6", "1.6667"), ("0.9999", "1.0001"),
        ("0.0001", "10000"), ("0.07", "14.2857"),
        // Exactly between two: 19.53125 and 3.90625.
        ("0.0512", "19.5312"), ("0.256", "3.9062"),
    ])
    func oddsAreOneOverThePrice(_ price: String, _ odds: String) throws {
        #expect(ContractPrice.odds(try #require(FixedDecimal(price))) == FixedDecimal(odds))
    }

    @Test func everyPriceIsRoundedHalfToEven() {
        for scaled in Int64(1)..<10_000 {
            let quotient = 100_000_000 / scaled
            let rest = 100_000_000 % scaled
            let expected = rest * 2 > scaled || (rest * 2 == scaled && quotient % 2 == 1) ? quotient + 1 : quotient
            #expect(ContractPrice.odds(FixedDecimal(scaled: scaled))?.scaled == expected)
        }
    }

    @Test func nothingCanBeHadForNothingOrEverything() {
        for price in ["0", "1", "1.5", "-0.5"] { #expect(FixedDecimal(price).flatMap(ContractPrice.odds) == nil) }
        #expect(ContractPrice.complement(FixedDecimal(scaled: 4_200)) == FixedDecimal("0.58"))
    }
}
