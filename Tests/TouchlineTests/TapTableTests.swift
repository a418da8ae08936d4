import Testing

@testable import Touchline

@Suite struct TapTableTests {
    private let table = TapTable(width: 80)

    private func event(_ type: String, _ fields: KeyValuePairs<String, String>) -> EntryItem {
        EntryItem(
            [("type", .text(type)), ("received_at", .text("2026-03-07T14:30:00.125Z"))]
                + fields.map { ($0.key, .text($0.value)) })
    }

    private var odds: KeyValuePairs<String, String> {
        [
            "fixture_id": "fx-1", "market_id": "1X2", "option_id": "home", "status": "open", "odd": "2.5",
            "lay": "2.52", "in_play": "true",
        ]
    }

    @Test func `a price is at the right, the selection at the left`() {
        let row = table.row(event("odds_change", odds))
        #expect(row.hasPrefix("14:30:00.125 odds     fx-1 1X2 home "))
        #expect(row.hasSuffix(" 2.5/2.52 open live") && row.count == 80)
    }

    @Test func `each kind says what it is about`() {
        let fixture = event(
            "fixture_update",
            [
                "fixture_id": "fx-1", "home_team": "A", "away_team": "B", "home_score": "1", "away_score": "0",
                "status": "live",
            ])
        #expect(table.row(fixture).contains("fixture  fx-1 A v B ") && table.row(fixture).hasSuffix(" 1:0 live"))
        let bet = event(
            "bet_placement",
            ["fixture_id": "fx-1", "side": "lay", "amount": "10", "odd": "2", "status": "placed"])
        #expect(table.row(bet).hasSuffix(" lay 10 at 2 placed"))
        let letter = event("dead_letter", ["reason": "bad_value", "detail": "odd: 0.5"])
        #expect(table.row(letter) == "14:30:00.125 refused  bad_value odd: 0.5")
        let frame = EntryItem([
            ("frame", .json("7")), ("received_at", .text("2026-03-07T14:30:00.125Z")), ("kind", .text("text")),
            ("body", .json("{\"a\":1}")),
        ])
        #expect(table.row(frame) == "14:30:00.125 text     7 {\"a\":1}")
    }

    @Test(arguments: [80, 132, 40]) func `no row is wider than the terminal`(width: Int) {
        let long = String(repeating: "long-", count: 40)
        let items = [
            event("odds_change", ["fixture_id": long, "odd": "1000000", "lay": "1000000", "status": "suspended"]),
            event("control", ["body": long]), event("dead_letter", ["reason": "bad_value", "detail": long]),
            event("fixture_update", ["home_team": long, "away_team": long, "status": "live"]),
        ]
        for item in items { #expect(TapTable(width: width).row(item).count <= width) }
        #expect(TapTable(width: 80).row(items[0]).hasSuffix("… 1000000/1000000 suspended"), "the price stays")
    }

    @Test func `what a provider sent cannot reach the terminal`() {
        let row = table.row(event("control", ["body": "\u{1B}[2J\u{7}x"]))
        #expect(!row.unicodeScalars.contains { $0.value < 0x20 } && row.contains("\\u{1b}"))
    }
}
