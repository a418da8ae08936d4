import Foundation

/// SplitMix64: a small generator whose sequence depends on the seed alone, in every process and version.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension SeededGenerator {
    // The standard library's `random(in:using:)` may change its use of the generator between versions; these do not.

    /// Uniform in 0 ..< 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }

    /// Uniform in 0 ..< bound.
    mutating func index(below bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Standard normal (Box–Muller, one of the pair).
    mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }

    /// How many events of a Poisson process with this expectation happened (Knuth; meant for small expectations).
    mutating func poisson(_ expectation: Double) -> Int {
        guard expectation > 0 else { return 0 }
        let limit = exp(-expectation)
        var count = 0
        var product = unit()
        while product > limit, count < 1_000 {
            count += 1
            product *= unit()
        }
        return count
    }

    /// An index with the probability that its weight has among all.
    mutating func index(weightedBy weights: [Double]) -> Int {
        var rest = unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return index }
        }
        return max(0, weights.count - 1)
    }

    mutating func element<Element>(of elements: [Element]) -> Element { elements[index(below: elements.count)] }
}
