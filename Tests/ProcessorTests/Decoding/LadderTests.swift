import FeedModel
import Testing

@testable import Processor

@Suite struct LadderTests {
    private func decimal(_ value: Int) -> FixedDecimal { FixedDecimal(scaled: Int64(value) * FixedDecimal.scale) }

    /// Against a dictionary.
    @Test func byPrice() {
        var ladder = Ladder()
        var expected: [FixedDecimal: FixedDecimal] = [:]
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<5_000 {
            let price = decimal(Int.random(in: 1...60, using: &generator))
            let size = decimal(Int.random(in: 0...3, using: &generator))
            ladder.set(price, size)
            expected[price] = size.scaled == 0 ? nil : size
            #expect(ladder.levels.map(\.price) == expected.keys.sorted())
            #expect(ladder.lowest?.size == expected.min { $0.key < $1.key }?.value)
            #expect(ladder.highest?.size == expected.max { $0.key < $1.key }?.value)
        }
    }

    @Test func byPosition() {
        var ladder = Ladder()
        #expect(ladder.best == nil)
        ladder.set(position: 2, decimal(3), decimal(30))
        #expect(ladder.best?.price == decimal(3))
        ladder.set(position: 0, decimal(5), decimal(50))
        #expect(ladder.best?.price == decimal(5))
        ladder.set(position: 0, decimal(0), decimal(0))
        #expect(ladder.best?.price == decimal(3))
        ladder.set(position: 2, decimal(0), decimal(0))
        #expect(ladder.levels.isEmpty)
        ladder.set(position: 7, decimal(0), decimal(0))
        #expect(ladder.levels.isEmpty)
    }

    @Test func overroundOfAMarket() {
        var sum = Overround()
        #expect(sum.value == nil)
        sum.add(decimal(2))
        #expect(sum.value == nil)
        sum.add(decimal(2))
        #expect(sum.value == FixedDecimal(scaled: 0))
        sum.add(decimal(4))
        #expect(sum.value == FixedDecimal(scaled: 2_500))
    }
}
