import Testing

@testable import Touchline

@Suite struct TapFilterTests {
    private let odds = EntryItem([
        ("type", .text("odds_change")), ("fixture_id", .text("fx-1")), ("market_id", .text("1.77")),
        ("market_type", .text("MATCH_ODDS")), ("odd", .json("2.5")),
    ])

    static let asked: [(TapFilter, Bool)] = [
        (TapFilter(), true),
        (TapFilter(types: ["settlement", "odds_change"]), true),
        (TapFilter(types: ["settlement"]), false),
        (TapFilter(fixture: "fx-1"), true),
        (TapFilter(fixture: "fx-10"), false),
        (TapFilter(fixture: "fx"), false),
        (TapFilter(market: "1.77"), true),
        (TapFilter(market: "MATCH_ODDS"), true),
        (TapFilter(market: "odds"), false),
        (TapFilter(text: #""odd":2.5"#), true),
        (TapFilter(text: "2.6"), false),
        (TapFilter(types: ["odds_change"], fixture: "fx-1", market: "1.78"), false),
    ]

    @Test(arguments: asked) func `everything that is asked for must be met`(filter: TapFilter, isShown: Bool) {
        #expect(filter.matches(odds) == isShown)
    }

    @Test func `frames and letters have filters of their own`() {
        let frame = EntryItem([("frame", .json("7")), ("kind", .text("binary"))])
        #expect(TapFilter(types: ["binary"]).matches(frame) && !TapFilter(types: ["text"]).matches(frame))
        let letter = EntryItem([("type", .text("dead_letter")), ("reason", .text("bad_value"))])
        #expect(TapFilter(reason: "bad_value").matches(letter) && !TapFilter(reason: "too_large").matches(letter))
    }

    static let impossible: [(TapFilter, TapStream, String)] = [
        (
            TapFilter(types: ["odds"]), .events,
            "bet_placement, control, fixture_update, odds_change, sequence, settlement"
        ),
        (TapFilter(types: ["odds_change"]), .raw, "binary, control, text"),
        (TapFilter(types: ["dead_letter"]), .dead, "--reason"),
        (TapFilter(fixture: "x"), .raw, "--filter"),
        (TapFilter(market: "x"), .dead, "--filter"),
        (TapFilter(reason: "bad_value"), .events, "dead"),
        (TapFilter(reason: "bad"), .dead, "malformed_json"),
    ]

    @Test(arguments: impossible) func `what can never be shown is refused`(
        filter: TapFilter, stream: TapStream, hint: String
    ) throws {
        #expect(try #require(filter.problem(with: stream)).contains(hint))
    }

    @Test func `what can be shown is not refused`() {
        #expect(TapFilter(types: ["odds_change"], fixture: "x", market: "y", text: "z").problem(with: .events) == nil)
        #expect(TapFilter(types: ["control"], text: "z").problem(with: .raw) == nil)
        #expect(TapFilter(reason: "bad_value").problem(with: .dead) == nil)
    }

    @Test(arguments: [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (3, [0, 3]), (9, [0])])
    func `a sample is every nth, beginning with the first`(every: Int, taken: [Int]) {
        var sample = TapSample(every: every)
        #expect((0..<5).filter { _ in sample.takes() } == taken)
    }
}
