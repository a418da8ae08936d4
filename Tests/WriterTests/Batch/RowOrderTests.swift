import Testing

@testable import Writer

@Suite("Row order")
struct RowOrderTests {
    @Test("sorts by the upper half and keeps the order of equal ones", arguments: [0, 1, 2, 100, 255, 256, 5_000])
    func sortsStably(count: Int) {
        var random = SplitMix(state: 7)
        var words = (0..<count).map { index in
            UInt64(UInt32.random(in: 0...(count > 1_000 ? .max : 40), using: &random)) << 32 | UInt64(index)
        }
        let expected = words.enumerated().sorted {
            ($0.element >> 32, $0.offset) < ($1.element >> 32, $1.offset)
        }.map(\.element)
        RowOrder.sort(&words)
        #expect(words == expected)
    }

    @Test("repeats of a selection within one message are merged, the last one counts")
    func mergesRepeats() {
        let rows = [
            row(selection: 5, position: 10, odd: 1), row(selection: 3, position: 10, odd: 2),
            row(selection: 5, position: 10, odd: 3), row(selection: 5, position: 11, odd: 4),
            row(selection: 5, position: 12, entry: 1, odd: 5), row(selection: 5, position: 12, entry: 2, odd: 6),
        ]
        let order = RowOrder.odds(rows, ResolvedDimensions(PendingDimensions()))
        #expect(order.map { rows[Int($0)].odd } == [2, 3, 4, 5, 6])
    }

    @Test("selections without a key come last, and in their place once they have one")
    func pendingLast() {
        var pending = PendingDimensions()
        for _ in 0..<2 {
            pending.selections.append(.init(feedID: 1, market: .key(1), fixture: .key(1), identity: .empty, hash: 0))
        }
        var resolved = ResolvedDimensions(pending)
        let rows = [
            row(selection: .pending(1), position: 1, odd: 1), row(selection: .pending(0), position: 2, odd: 2),
            row(selection: .key(9), position: 3, odd: 3),
        ]
        #expect(RowOrder.odds(rows, resolved).map { rows[Int($0)].odd } == [3, 2, 1])
        resolved.selections = [12, 4]
        #expect(RowOrder.odds(rows, resolved).map { rows[Int($0)].odd } == [1, 3, 2])
    }

    @Test("of equal keys the last is kept, in the order of the rows")
    func lastOfEach() {
        #expect(RowOrder.lastOfEach(["a", "b", "a", "c", "b"]) { $0 } == [2, 3, 4])
        #expect(RowOrder.lastOfEach([String]()) { $0 }.isEmpty)
    }

    private func row(selection: Int32, position: Int64, entry: Int32 = 0, odd: Int64) -> OddsRow {
        row(selection: .key(selection), position: position, entry: entry, odd: odd)
    }

    private func row(selection: DimensionRef, position: Int64, entry: Int32 = 0, odd: Int64) -> OddsRow {
        OddsRow(
            position: position, sourceTime: Absent.value, odd: odd, lay: Absent.value, backSize: Absent.value,
            laySize: Absent.value, lastTraded: Absent.value, selection: selection, entry: entry, status: 1)
    }
}

/// A generator with a seed, so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
