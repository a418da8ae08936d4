import Testing
import Writer

@Suite("Batch policy")
struct BatchPolicyTests {
    private let policy = BatchPolicy(
        rows: 100, bytes: 1_000, period: .milliseconds(50), maximumRows: 400, maximumBytes: 4_000)

    private func trigger(
        rows: Int = 1, bytes: Int = 1, age: Duration = .zero, isSinkBusy: Bool = false, hasMore: Bool = false
    ) -> BatchPolicy.Trigger? {
        policy.trigger(.init(rows: rows, bytes: bytes, age: age), isSinkBusy: isSinkBusy, hasMore: hasMore)
    }

    @Test("whichever comes first closes the batch")
    func firstTrigger() {
        #expect(trigger() == nil)
        #expect(trigger(rows: 100) == .rows)
        #expect(trigger(bytes: 1_000) == .bytes)
        #expect(trigger(age: .milliseconds(50)) == .period)
        #expect(trigger(rows: 100, bytes: 1_000, age: .seconds(1)) == .rows)
    }

    @Test("while the previous batch is being committed and more is at hand, a full batch grows up to its bound")
    func growsUnderLag() {
        #expect(trigger(rows: 100, age: .seconds(1), isSinkBusy: true, hasMore: true) == nil)
        #expect(trigger(rows: 400, isSinkBusy: true, hasMore: true) == .rows)
        #expect(trigger(bytes: 4_000, isSinkBusy: true, hasMore: true) == .bytes)
    }

    @Test("with nothing more at hand a full batch is closed although the sink is busy")
    func closesWhenDrained() {
        #expect(trigger(rows: 100, isSinkBusy: true, hasMore: false) == .rows)
        #expect(trigger(rows: 99, isSinkBusy: true, hasMore: false) == nil)
    }

    @Test("the bounds of growth are never below those of a full batch")
    func boundsAreOrdered() {
        let policy = BatchPolicy(rows: 50_000, bytes: 64 << 20)
        #expect(policy.maximumRows == 50_000)
        #expect(policy.maximumBytes == 64 << 20)
    }

    @Test("asks for as many entries as the batch still takes, by what they have held lately")
    func entriesToRead() {
        func entries(rows: Int, perEntry: Double, bytesPerEntry: Double = 1, isSinkBusy: Bool = false) -> Int {
            policy.entriesToRead(
                .init(rows: rows, bytes: 0, age: .zero), rowsPerEntry: perEntry, bytesPerEntry: bytesPerEntry,
                isSinkBusy: isSinkBusy)
        }
        #expect(entries(rows: 0, perEntry: 10) == 10)
        #expect(entries(rows: 50, perEntry: 10) == 5)
        #expect(entries(rows: 0, perEntry: 10, isSinkBusy: true) == 40)
        #expect(entries(rows: 0, perEntry: 1, bytesPerEntry: 100) == 10)
        #expect(entries(rows: 100, perEntry: 10) == 4)
        #expect(
            BatchPolicy().entriesToRead(
                .init(rows: 0, bytes: 0, age: .zero), rowsPerEntry: 0, bytesPerEntry: 0, isSinkBusy: true) == 256)
    }
}
