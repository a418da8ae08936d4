import FeedModel
import Sportsbook
import TestSupport

/// A message that no rule lets through, and what its letter must say.
struct PoisonMessage {
    let bytes: [UInt8]
    let reason: DeadLetterReason
    /// Part of the letter's detail: the field at fault, where there is one.
    let detail: String
    /// JSON that can stand in a list with others; what cannot costs its whole frame.
    var isList = true
}

/// Makes messages of the sportsbook API in which each rule of the validation is broken in turn, in every way it can be.
struct PoisonMessages {
    private var generator: SeededGenerator
    private var turn = 0

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The next one; `sequence` is called by those that carry a readable number.
    mutating func next(sequence: () -> Int) -> PoisonMessage {
        turn += 1
        return switch turn % 4 {
        case 0: malformed()
        case 1: missing(sequence)
        case 2: wrong(sequence)
        default: strange(sequence)
        }
    }

    private mutating func pick<Element>(_ list: [Element]) -> Element {
        list[Int.random(in: 0..<list.count, using: &generator)]
    }

    // MARK: Rules

    private typealias Rule = (field: String, form: [String])

    /// A good message of each type, what it has to say, and what it may.
    private static let messages: [(BookMessage, required: [Rule], optional: [Rule])] = [
        (
            .odds(seq: 0),
            [
                ("timestamp", times), ("fixture_id", ids), ("market_type", ids), ("option_id", ids),
                ("odd_value", odds),
            ], [("market_id", ids), ("line", decimals), ("status", names)]
        ),
        (
            .market(seq: 0, #"{"option_id":"a","odd_value":2}"#),
            [("timestamp", times), ("fixture_id", ids), ("market_type", ids)],
            [("odds", lists), ("status", names), ("line", decimals)]
        ),
        (
            .fixture(seq: 0),
            [
                ("timestamp", times), ("fixture_id", ids), ("sport_id", ids), ("tournament_id", ids),
                ("home_team", texts), ("away_team", texts), ("start_time", starts), ("status", names),
            ], [("sport", texts), ("tournament", texts), ("home_score", scores), ("away_score", scores)]
        ),
        (
            .settlement(seq: 0),
            [
                ("timestamp", times), ("fixture_id", ids), ("market_type", ids), ("option_id", ids),
                ("result", names),
            ], [("market_id", ids), ("line", decimals)]
        ),
        (
            .bet(seq: 0),
            [
                ("timestamp", times), ("bet_id", ids), ("user_id", ids), ("fixture_id", ids), ("market_type", ids),
                ("option_id", ids), ("amount", amounts), ("odd", odds), ("potential_win", amounts),
                ("status", names),
            ], [("currency", ids), ("line", decimals)]
        ),
    ]

    private static let long = "\"" + String(repeating: "x", count: 201) + "\""
    private static let kinds = ["{}", "[]", "true", "[1]", #"{"a":1}"#]
    private static let ids =
        kinds + ["\"\"", long, #""a\u0000""#, #""a\n""#, "\"a\u{7F}\"", "\"\u{85}\"", "4.2", "1e3"]
    private static let texts = kinds + [long, #""a\u0007b""#, #""\u001f""#]
    private static let odds =
        kinds + [
            "1", "1.0000", "0", "-2", "1000000.0001", "1e7", "1e400", "-1e400", "99999999999999999999999", "\"\"",
            "\"1,95\"", "\" 1.95\"", "\"NaN\"", "\"Infinity\"", "\"0x2\"", "\"1.\"", "\"+2\"", "1.00004",
            String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 400) + "1",
        ]
    private static let amounts = kinds + ["-0.01", "-1", "1e15", "1e999", "\"five\"", "\"\"", "\"1e\""]
    private static let decimals = kinds + ["\"x\"", "\"\"", "1e30", "\"--1\""]
    private static let times =
        kinds + [
            "\"1989-12-31T23:59:59.999Z\"", "\"2099-01-01T00:00:00Z\"", "\"2025-02-29T00:00:00Z\"", "-1",
            "\"yesterday\"", "\"1763719200000\"", "\"2025-11-21\"", "\"2025-11-21T25:00:00.000Z\"",
            "99999999999999999999", "4102444800000",
        ]
    private static let starts = kinds + ["\"2099-01-01T00:00:00Z\"", "\"1989-12-31T00:00:00Z\"", "\"soon\"", "0"]
    private static let scores = kinds + ["-1", "1.5", "4294967296", "99999999999999999999", "1e2"]
    private static let names = kinds + ["\"active\"", "\"Open\"", "\"\"", "1", "\"open \"", "\"wonn\""]
    private static let lists = ["{}", "1", "\"x\"", "[]", "[1]", "[null]", "true", #"["a"]"#]
    private static let sequences = ["-1", "1.5", "\"17\"", "{}", "true", "99999999999999999999", "1e2"]

    private mutating func message() -> (BookMessage, required: [Rule], optional: [Rule]) { pick(Self.messages) }

    private func poison(
        _ message: BookMessage, _ reason: DeadLetterReason, _ detail: String, _ sequence: () -> Int
    ) -> PoisonMessage {
        PoisonMessage(bytes: Array(message.with(["seq": "\(sequence())"]).json.utf8), reason: reason, detail: detail)
    }

    private mutating func missing(_ sequence: () -> Int) -> PoisonMessage {
        let (message, required, _) = message()
        if Int.random(in: 0..<12, using: &generator) == 0 {
            return PoisonMessage(
                bytes: Array(message.with(["seq": pick([nil, "null"])]).json.utf8), reason: .missingField,
                detail: "seq", isList: false)
        }
        let field = pick(required).field
        return poison(message.with([field: pick([nil, "null"])]), .missingField, field, sequence)
    }

    private mutating func wrong(_ sequence: () -> Int) -> PoisonMessage {
        let (message, required, optional) = message()
        if Int.random(in: 0..<16, using: &generator) == 0 {
            return PoisonMessage(
                bytes: Array(message.with(["seq": pick(Self.sequences)]).json.utf8), reason: .badValue, detail: "seq",
                isList: false)
        }
        let rule = pick(required + optional)
        return poison(message.with([rule.field: pick(rule.form)]), .badValue, rule.field, sequence)
    }

    /// Whole messages that are none of ours.
    private mutating func strange(_ sequence: () -> Int) -> PoisonMessage {
        let (message, _, _) = message()
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return poison(message.with(["type": nil]), .missingField, "type", sequence)
        case 1:
            let value = pick(["42", "-1e9", "\"odds_change\"", "true", "null"])
            return PoisonMessage(bytes: Array(value.utf8), reason: .badValue, detail: "not an object")
        case 2: return deep()
        default:
            let type = pick([
                "\"weather\"", "5", "\"\"", "\"Odds_Change\"", "{}", "\"odds_change \"", "[\"odds_change\"]",
            ])
            return poison(message.with(["type": type]), .unknownType, "type", sequence)
        }
    }

    private mutating func deep() -> PoisonMessage {
        let depth = pick([65, 70, 1_000, 20_000])
        let closes = Bool.random(using: &generator)
        let nested =
            String(repeating: "[", count: depth) + (closes ? String(repeating: "]", count: depth) : "")
        return PoisonMessage(
            bytes: Array("{\"type\":\"odds_change\",\"deep\":\(nested)}".utf8), reason: .tooLarge, detail: "deep",
            isList: false)
    }

    // MARK: Not JSON

    private mutating func malformed() -> PoisonMessage {
        let good = Array(message().0.with(["seq": nil]).json.utf8)
        let (bytes, detail): ([UInt8], String) =
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: (Array(good.prefix(Int.random(in: 1..<good.count, using: &generator))), "")
            case 1: (good + Array(pick(["x", "}", "{}", ",", "]"]).utf8), "")
            case 2: (Self.with(pick(Self.brokenNumbers), in: good), "")
            case 3: (Self.with(pick(Self.brokenTexts), in: good), "")
            case 4: (Self.with(Array("\"a".utf8) + pick(Self.brokenUTF8) + Array("b\"".utf8), in: good), "")
            case 5: (Self.with(Array("\"a".utf8) + [UInt8.random(in: 1..<32, using: &generator)] + [34], in: good), "")
            default: (Array("{\"type\":\"odds_change\",".utf8) + good.dropFirst(), "type")
            }
        return PoisonMessage(bytes: bytes, reason: .malformedJSON, detail: detail, isList: false)
    }

    private static let brokenNumbers = ["01", "1.", ".5", "+1", "0x1F", "NaN", "1e", "--1", "1e+", "Infinity", "1_000"]
        .map { Array($0.utf8) }
    private static let brokenTexts = [#""\x""#, #""\u12""#, #""\"#, "'a'", "tru", "nul", #""\u{41}""#]
        .map { Array($0.utf8) }
    /// A lone continuation, a cut sequence, an overlong slash, half a surrogate pair, beyond U+10FFFF, never a byte.
    private static let brokenUTF8: [[UInt8]] = [
        [0x80], [0xE2, 0x82], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
    ]

    /// A further field of this value.
    private static func with(_ value: [UInt8], in message: [UInt8]) -> [UInt8] {
        Array(message.dropLast()) + Array(",\"extra\":".utf8) + value + Array("}".utf8)
    }

    // MARK: Size

    /// Few of them, because each is 8 MiB.
    static let huge: [PoisonMessage] = {
        let longest = String(repeating: "x", count: 8 << 20)
        let most = "[" + Array(repeating: "{}", count: 8_193).joined(separator: ",") + "]"
        return [
            PoisonMessage(
                bytes: Array(BookMessage.odds(seq: 0).with(["seq": nil, "padding": "\"\(longest)\""]).json.utf8),
                reason: .tooLarge, detail: "bytes", isList: false),
            PoisonMessage(
                bytes: Array(
                    BookMessage.odds(seq: 0).with([
                        "seq": nil, "snapshot": "true", "option_id": "\"\(longest.dropLast(500))\"",
                    ]).json.utf8),
                reason: .badValue, detail: "option_id", isList: false),
            PoisonMessage(bytes: Array(most.utf8), reason: .tooLarge, detail: "8193 messages", isList: false),
        ]
    }()
}
