import RedisStreams
import Testing

@testable import Writer

@Suite struct MemoryPressureTests {
    private let low = StreamID(1_000)
    private let high = StreamID(2_000)

    @Test func thereIsNoneBelowTheLimitNorWithoutOne() {
        #expect(!MemoryPressure(share: 0.8, limit: 0.8).isOn)
        #expect(!MemoryPressure(share: 0, limit: 0.8).isOn)
        #expect(MemoryPressure(share: 0.801, limit: 0.8).isOn)
    }

    @Test func aLittleGoesAtATimeAndMoreTheFullerItIs() {
        let parts = stride(from: 0.801, to: 0.9, by: 0.01).map { MemoryPressure(share: $0, limit: 0.8).part }
        #expect(parts == parts.sorted() && parts.allSatisfy { 0.03 < $0 && $0 < 0.25 }, "\(parts)")
        #expect(MemoryPressure(share: 0.801, limit: 0.8).floor(between: low, and: high) < StreamID(1_100))
    }

    @Test func allThatMayGoGoesBeforeRedisRefuses() {
        #expect(MemoryPressure(share: 0.95, limit: 0.8).floor(between: low, and: high) == high)
    }

    @Test(arguments: [0.81, 0.85, 0.95])
    func nothingThatIsNeededGoes(share: Double) {
        let pressure = MemoryPressure(share: share, limit: 0.8)
        #expect(pressure.floor(between: low, and: high) <= high)
        #expect(pressure.floor(between: high, and: high) == high)
        #expect(pressure.floor(between: high, and: low) == low)
    }
}
