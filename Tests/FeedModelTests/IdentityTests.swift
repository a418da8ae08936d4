import FeedModel
import Testing

@Suite struct IdentityTests {
    @Test(arguments: ["a", "book-a", "0", String(repeating: "x", count: 40)])
    func acceptsFeedNames(text: String) {
        #expect(FeedName(text)?.text == text)
    }

    @Test(arguments: ["", "Book", "a_b", "a b", "ü", String(repeating: "x", count: 41), "a}b"])
    func refusesOtherNames(text: String) {
        #expect(FeedName(text) == nil)
    }

    @Test func positionsKeepFrameAndOrdinal() {
        let position = Position(frame: 217_000_000_000_000, ordinal: 8_191)
        #expect(position.frame == 217_000_000_000_000)
        #expect(position.ordinal == 8_191)
        #expect(position < Position(frame: 217_000_000_000_001, ordinal: 0))
        #expect(position.rawValue > 0)
    }

    @Test func aTermStartsAboveItsPredecessorAndTheClock() {
        let now = Timestamp(microseconds: 1_795_253_400_000_000)
        let fresh = FrameNumber.startOfTerm(after: 0, now: now)
        #expect(fresh == 1_795_253_400_000_000 - 1_577_836_800_000_000)
        #expect(FrameNumber.startOfTerm(after: fresh, now: now) == fresh + 1 << 20)
    }

    @Test func aSelectionKeepsItsPartsAndItsKey() {
        let parts = ["fx-1", "totals:2.5", "totals", "over"].map { Array($0.utf8) }
        var bytes: [UInt8] = []
        for line in [nil, FixedDecimal(scaled: -5_000)] as [FixedDecimal?] {
            bytes.removeAll()
            parts[0].withUnsafeBytes { fixture in
                parts[1].withUnsafeBytes { market in
                    parts[2].withUnsafeBytes { type in
                        parts[3].withUnsafeBytes { option in
                            SelectionIdentity.append(
                                fixture: fixture, market: market, type: type, option: option, line: line, to: &bytes)
                        }
                    }
                }
            }
            bytes.withUnsafeBytes { raw in
                let identity = SelectionIdentity(viewing: raw)
                #expect(SelectionIdentity.length(at: raw) == raw.count)
                #expect(identity.fixtureID.string == "fx-1")
                #expect(identity.marketID.string == "totals:2.5")
                #expect(identity.marketType.string == "totals")
                #expect(identity.optionID.string == "over")
                #expect(identity.line == line)
            }
        }
    }

    /// Keys are in subscribers' hands and in caches on disk: they may never change.
    @Test func hashesNeverChange() {
        let samples = [("", 0), ("fx-1", 0), ("fx-00001totals_2.5over", 7)] as [(String, UInt64)]
        let hashes = samples.map { text, seed in Array(text.utf8).withUnsafeBytes { StableHash.hash($0, seed: seed) } }
        #expect(Set(hashes).count == hashes.count)
        #expect(hashes == Self.recorded)
    }

    private static let recorded: [UInt64] = [
        14_544_503_408_999_129_173, 14_735_646_587_600_831_321, 5_768_475_820_103_016_979,
    ]
}
