/// Items as rows for people: time, kind, what it is about, and what it says at the right.
struct TapTable: Sendable {
    let width: Int

    private static let timeWidth = 12
    private static let kindWidth = 8

    func row(_ item: EntryItem) -> String {
        let time = Self.time(item.plain("received_at"))
        let kind = Self.kinds[item.plain("type")] ?? item.plain("kind")
        let head = "\(time.padded(to: Self.timeWidth)) \(kind.padded(to: Self.kindWidth)) "
        let (left, right) = Self.content(of: item)
        return (head + Self.joined(left.printable, right.printable, width - head.count)).clipped(to: width)
    }

    /// `15:00:01.250` of an RFC 3339 time.
    private static func time(_ text: String) -> String {
        guard let start = text.firstIndex(of: "T") else { return text }
        return String(text[text.index(after: start)...].prefix(timeWidth))
    }

    private static let kinds = [
        "odds_change": "odds", "fixture_update": "fixture", "settlement": "result", "bet_placement": "bet",
        "control": "control", "dead_letter": "refused",
    ]

    /// What it is about gives way: what it says is what one looks for.
    private static func joined(_ left: String, _ right: String, _ width: Int) -> String {
        guard !right.isEmpty else { return left }
        let room = max(8, width - right.count - 1)
        return left.clipped(to: room).padded(to: room) + " " + right
    }

    private static func content(of item: EntryItem) -> (left: String, right: String) {
        switch item.plain("type") {
        case "odds_change": (selection(item), words(prices(item), item.plain("status"), marks(item)))
        case "fixture_update": (words(item.plain("fixture_id"), teams(item)), words(score(item), item.plain("status")))
        case "settlement": (selection(item), item.plain("result"))
        case "bet_placement":
            (
                selection(item),
                words(item.plain("side"), "\(item.plain("amount")) at \(item.plain("odd"))", item.plain("status"))
            )
        case "dead_letter": (words(item.plain("reason"), item.plain("detail")), "")
        case "control": (item.plain("body"), "")
        default: (words(item.plain("frame"), item.plain("body")), "")
        }
    }

    private static func selection(_ item: EntryItem) -> String {
        words(item.plain("fixture_id"), item.plain("market_id"), item.plain("option_id"), item.plain("line"))
    }

    /// Back and lay as exchanges write them; a bookmaker has only the first.
    private static func prices(_ item: EntryItem) -> String {
        let odd = item["odd"]?.plain ?? "-"
        return item["lay"].map { "\(odd)/\($0.plain)" } ?? odd
    }

    private static func marks(_ item: EntryItem) -> String {
        words(item["in_play"] == nil ? "" : "live", item["snapshot"] == nil ? "" : "snap")
    }

    private static func teams(_ item: EntryItem) -> String {
        item.plain("home_team").isEmpty ? "" : "\(item.plain("home_team")) v \(item.plain("away_team"))"
    }

    private static func score(_ item: EntryItem) -> String {
        guard let home = item["home_score"], let away = item["away_score"] else { return "" }
        return "\(home.plain):\(away.plain)"
    }

    private static func words(_ words: String...) -> String {
        words.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
