import FeedModel
import Foundation
import Testing

@Suite struct FixedDecimalTests {
    @Test(arguments: [
        ("1.95", 19_500), ("2", 20_000), ("0", 0), ("-0.5", -5_000), ("1e2", 1_000_000), ("1.5E-1", 1_500),
        ("0.00005", 0), ("0.00015", 2), ("1.00005", 10_000), ("1.00015", 10_002), ("1.000051", 10_001),
        ("0.1234567890123456789012345", 1_235), ("900000000000000", 9_000_000_000_000_000_000),
    ])
    func readsExactly(text: String, scaled: Int64) {
        #expect(FixedDecimal(text)?.scaled == scaled)
    }

    @Test(arguments: ["", "-", ".5", "1.", "01", "1e", "+1", "1 ", "0x1", "NaN", "1,5", "1e99", "99999999999999999999"])
    func refusesWhatIsNotANumberOrTooLarge(text: String) {
        #expect(FixedDecimal(text) == nil)
    }

    @Test func saysWhetherItRounded() {
        for (text, isRounded) in [("1.9500", false), ("1.95001", true), ("1.950000000000000000000000001", true)] {
            let reading = Array(text.utf8).withUnsafeBytes { FixedDecimal.read($0) }
            #expect(reading?.isRounded == isRounded, "\(text)")
        }
    }

    @Test func textAndValueAgreeForManyValues() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let value = FixedDecimal(
                scaled: Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator))
            #expect(FixedDecimal(value.description) == value)
        }
    }

    @Test func roundsHalfToEvenLikeFoundation() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5_000 {
            let text =
                "\(Int.random(in: 0...9_999, using: &generator)).\(Int.random(in: 0...9_999_999, using: &generator))"
            guard var exact = Decimal(string: text) else { continue }
            var rounded = Decimal()
            NSDecimalRound(&rounded, &exact, 4, .bankers)
            #expect(FixedDecimal(text)?.description == "\(rounded)", "\(text)")
        }
    }
}
