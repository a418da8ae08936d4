import Testing

@testable import RedisStreams

/// The same waits in every run.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        let mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        return mixed ^ (mixed >> 31)
    }
}

struct ReconnectBackoffTests {
    @Test("the longest wait doubles from 500 ms to 30 s and stays there")
    func ceilings() {
        var backoff = ReconnectBackoff()
        var generator = SeededGenerator(state: 7)
        var ceilings: [Duration] = []
        for _ in 0..<9 {
            ceilings.append(backoff.ceiling)
            _ = backoff.next(using: &generator)
        }
        let milliseconds = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        #expect(ceilings == milliseconds.map { .milliseconds($0) })
        for _ in 0..<1_000 { _ = backoff.next(using: &generator) }
        #expect(backoff.ceiling == .seconds(30))
    }

    @Test("the jitter is full: from nothing to the ceiling")
    func jitter() {
        var generator = SeededGenerator(state: 1)
        var shares: [Double] = []
        for _ in 0..<200 {
            var backoff = ReconnectBackoff()
            for _ in 0..<10 {
                let ceiling = backoff.ceiling
                shares.append(backoff.next(using: &generator) / ceiling)
            }
        }
        #expect(shares.allSatisfy { (0...1).contains($0) })
        #expect(shares.contains { $0 < 0.01 } && shares.contains { $0 > 0.99 })
        let mean = shares.reduce(0, +) / Double(shares.count)
        #expect((0.45...0.55).contains(mean))
    }

    @Test("a reset begins anew")
    func reset() {
        var backoff = ReconnectBackoff(initial: .milliseconds(10), maximum: .milliseconds(50))
        var generator = SeededGenerator(state: 7)
        for _ in 0..<5 { _ = backoff.next(using: &generator) }
        #expect(backoff.ceiling == .milliseconds(50))
        #expect(backoff.attempts == 5)
        backoff.reset()
        #expect(backoff.ceiling == .milliseconds(10))
    }
}
