import Telemetry
import Testing

struct TraceSamplerTests {
    /// SplitMix64, so that a run can be repeated.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    @Test func oneInOneIsEach() {
        var (sampler, generator) = (TraceSampler(oneIn: 1), Seeded(state: 1))
        for _ in 0..<100 {
            let isPicked = sampler.picks(using: &generator)
            #expect(isPicked)
        }
    }

    @Test func inTheLongRunItIsOneInSoMany() {
        var (sampler, generator) = (TraceSampler(oneIn: 100), Seeded(state: 7))
        var picked = 0
        for _ in 0..<1_000_000 where sampler.picks(using: &generator) { picked += 1 }
        #expect((9_700...10_300).contains(picked), "\(picked)")
    }

    /// What comes every tenth time in a feed is picked as often as everything else.
    @Test func noRhythmIsMissed() {
        var (sampler, generator) = (TraceSampler(oneIn: 10), Seeded(state: 3))
        var places = [Int](repeating: 0, count: 10)
        for entry in 0..<100_000 where sampler.picks(using: &generator) { places[entry % 10] += 1 }
        #expect(places.allSatisfy { (850...1_150).contains($0) }, "\(places)")
    }

    @Test func distancesVaryAndHaveABound() {
        var (sampler, generator) = (TraceSampler(oneIn: 5), Seeded(state: 9))
        var distances: Set<Int> = []
        var distance = 0
        for _ in 0..<10_000 {
            distance += 1
            guard sampler.picks(using: &generator) else { continue }
            distances.insert(distance)
            distance = 0
        }
        #expect(distances == Set(1...9))
    }
}
