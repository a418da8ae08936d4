import FeedModel
import Testing

@testable import Processor

@Suite struct KeyedTableTests {
    private struct Item: Forgettable, Equatable {
        var number: Int
        var isOver = false
    }

    private static func withName<Result>(_ name: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Array(name.utf8).withUnsafeBytes(body)
    }

    @Test func findsWhatItWasGiven() {
        var table = KeyedTable<Item>(maximum: 100_000, seed: 1)
        for number in 0..<20_000 {
            Self.withName("name-\(number)") { name in
                let hash = table.hash(name)
                #expect(table.find(name, hash: hash) < 0)
                let (slot, isForgetting) = table.insert(name, hash: hash, value: Item(number: number), use: 0)
                #expect(slot == number && !isForgetting)
            }
        }
        for number in stride(from: 0, to: 20_000, by: 7) {
            Self.withName("name-\(number)") { name in
                let slot = table.find(name, hash: table.hash(name))
                #expect(slot == number && table[slot].number == number)
                #expect(table.name(slot).elementsEqual(name))
            }
        }
    }

    /// Against a dictionary that is told of everything the table forgets.
    @Test func forgetsTheLeastRecentlyUsedOfAFew() {
        var table = KeyedTable<Item>(maximum: 64, seed: 1)
        var expected: [String: Int] = [:]
        var generator = SeededGenerator(seed: 9)
        for use in 0..<20_000 {
            let name = "n\(Int.random(in: 0..<300, using: &generator))"
            Self.withName(name) { bytes in
                let hash = table.hash(bytes)
                let slot = table.find(bytes, hash: hash)
                #expect((slot >= 0) == (expected[name] != nil))
                if slot >= 0 {
                    #expect(table[slot].number == expected[name])
                    table.used(slot, at: Int64(use))
                    let extra = [UInt8](repeating: UInt8(use % 251), count: Int.random(in: 0..<60, using: &generator))
                    extra.withUnsafeBytes { table.setExtra(slot, $0) }
                    #expect(table.extra(slot).elementsEqual(extra) && table.name(slot).elementsEqual(bytes))
                } else {
                    let before = table.count
                    let inserted = table.insert(bytes, hash: hash, value: Item(number: use), use: Int64(use))
                    if inserted.isForgetting {
                        #expect(before == 64)
                        expected = expected.filter { other, _ in
                            Self.withName(other) { table.find($0, hash: table.hash($0)) >= 0 }
                        }
                    }
                    expected[name] = use
                }
            }
            #expect(table.count == expected.count)
        }
    }

    @Test func forgetsWhatIsOverFirst() {
        var table = KeyedTable<Item>(maximum: 8, seed: 1)
        for number in 0..<8 {
            Self.withName("\(number)") { name in
                _ = table.insert(
                    name, hash: table.hash(name), value: Item(number: number, isOver: number == 5), use: Int64(number))
            }
        }
        let slot = Self.withName("new") { table.insert($0, hash: table.hash($0), value: Item(number: 8), use: 9).slot }
        #expect(slot == 5)
    }
}
