/// Picks one entry in so many, at random: what recurs in a feed's rhythm is neither always picked nor never.
///
/// Random is the distance to the next one, so that an entry that is not picked costs a subtraction.
package struct TraceSampler: Sendable {
    private let every: Int
    /// How many entries until one is picked, itself included; 0: to be drawn.
    private var distance = 0

    /// - Parameter every: 1 picks each of them.
    package init(oneIn every: Int) { self.every = max(1, every) }

    /// Whether this entry is picked.
    package mutating func picks(using generator: inout some RandomNumberGenerator) -> Bool {
        // From 1 to 2n − 1, which is n on average.
        if distance == 0 { distance = Int.random(in: 1...2 * every - 1, using: &generator) }
        distance -= 1
        return distance == 0
    }
}
