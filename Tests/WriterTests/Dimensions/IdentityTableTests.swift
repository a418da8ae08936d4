import FeedModel
import Testing

@testable import Writer

@Suite("Identity table")
struct IdentityTableTests {
    private struct Key: Hashable {
        let feed: Int16
        let bytes: [UInt8]
    }

    @Test("agrees with a dictionary over 100,000 random operations", arguments: [UInt64(1)])
    func agreesWithDictionary(seed: UInt64) {
        var random = SplitMix(state: seed)
        var table = IdentityTable(capacity: 1)
        var model: [Key: Int32] = [:]
        // Counted, because an expectation each would take a minute.
        var differences = 0
        for operation in 0..<100_000 {
            if operation == 60_000 {
                table.removeAll()
                model.removeAll()
            }
            let key = Key(
                feed: Int16.random(in: 0..<3, using: &random),
                bytes: Array("id-\(Int.random(in: 0..<20_000, using: &random))".utf8))
            // A third of the hashes collide on purpose: only the bytes tell such identities apart.
            let hash = key.bytes.last.map { $0 % 3 == 0 ? 42 : hashed(key.bytes) } ?? 0
            let found = key.bytes.withUnsafeBytes { table.find(feed: key.feed, hash: hash, $0) }
            if found?.value != model[key] { differences += 1 }
            guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
            key.bytes.withUnsafeBytes { bytes in
                _ = table.insert(feed: key.feed, hash: hash, bytes, value: Int32(operation), link: 7)
            }
            model[key] = Int32(operation)
        }
        #expect(differences == 0)
        #expect(table.count == model.count)
    }

    @Test("identities of different feeds never meet")
    func feedsAreApart() {
        var table = IdentityTable()
        insert("same", feed: 1, value: 10, into: &table)
        insert("same", feed: 2, value: 20, into: &table)
        #expect(find("same", feed: 1, in: table)?.value == 10)
        #expect(find("same", feed: 2, in: table)?.value == 20)
        #expect(find("same", feed: 3, in: table) == nil)
    }

    @Test("equal hashes are told apart by the bytes")
    func comparesBytes() {
        var table = IdentityTable()
        for index in 0..<100 { insert("id \(index)", feed: 1, hash: 9, value: Int32(index), into: &table) }
        #expect((0..<100).allSatisfy { find("id \($0)", feed: 1, hash: 9, in: table)?.value == Int32($0) })
        #expect(find("id 100", feed: 1, hash: 9, in: table) == nil)
    }

    @Test("refuses what it cannot hold")
    func refuses() {
        var table = IdentityTable()
        let isEmptyHeld = [UInt8]().withUnsafeBytes { table.insert(feed: 1, hash: 1, $0, value: 1) }
        let isLongHeld = [UInt8](repeating: 1, count: 70_000).withUnsafeBytes {
            table.insert(feed: 1, hash: 1, $0, value: 1)
        }
        #expect(!isEmptyHeld && !isLongHeld)
        #expect(table.count == 0)
    }

    private func hashed(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { StableHash.hash($0, seed: 1) } }

    private func insert(
        _ text: String, feed: Int16, hash: UInt64 = 5, value: Int32, into table: inout IdentityTable
    ) {
        Array(text.utf8).withUnsafeBytes { bytes in
            _ = table.insert(feed: feed, hash: hash, bytes, value: value)
        }
    }

    private func find(
        _ text: String, feed: Int16, hash: UInt64 = 5, in table: borrowing IdentityTable
    ) -> IdentityTable.Found? {
        Array(text.utf8).withUnsafeBytes { table.find(feed: feed, hash: hash, $0) }
    }
}
