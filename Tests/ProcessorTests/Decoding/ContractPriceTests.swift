import FeedModel
import Testing

@testable import Processor

@Suite struct ContractPriceTests {
    @Test(arguments: [
        ("0.5", "2"), ("0.4", "2.5"), ("0.3", "3.3333"), ("0.6", "1.6667"), ("0.9999", "1.0001"),
        ("0.0001", "10000"), ("0.07", "14.2857"),
        // 10⁸ / 64 = 1562500 exactly; 10⁸ / 4096 = 24414.0625.
        ("0.0064", "156.25"), ("0.4096", "2.4414"),
    ])
    func oddsAreOneOverThePrice(_ price: String, _ odds: String) throws {
        #expect(ContractPrice.odds(try #require(FixedDecimal(price))) == FixedDecimal(odds))
    }

    @Test func tiesGoToTheEvenDigit() {
        // 10⁸ / 128 = 781250; doubled prices with a remainder of exactly one half: 10⁸ / 3200 = 31250, so there are none
        // below 1; every price is compared with exact arithmetic instead.
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
