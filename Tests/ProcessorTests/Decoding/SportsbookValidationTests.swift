import FeedModel
import TestSupport
import Testing

@testable import Processor

/// Every rule broken in every way: what is refused, why, and which field the detail names.
@Suite struct SportsbookValidationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let message: String
        let reason: DeadLetterReason?
        let field: String
        var testDescription: String { "\(field): \(message.prefix(160))" }
    }

    private static func check(_ cases: [Case]) throws {
        for one in cases {
            let outcome = try DecoderBench.sportsbook().decode(one.message)
            #expect(outcome.reasons == (one.reason.map { [$0] } ?? []), "\(one.testDescription)")
            #expect(outcome.events.isEmpty == (one.reason != nil), "\(one.testDescription)")
            if let letter = outcome.letters.first {
                #expect(letter.detail.contains(one.field), "\(letter.detail)")
            }
        }
    }

    private static let all: [(BookMessage, required: [String])] = [
        (.odds(seq: 1), ["type", "seq", "timestamp", "fixture_id", "market_type", "option_id", "odd_value"]),
        (
            .market(seq: 1, #"{"option_id":"a","odd_value":2}"#),
            ["type", "seq", "timestamp", "fixture_id", "market_type"]
        ),
        (
            .fixture(seq: 1),
            [
                "type", "seq", "timestamp", "fixture_id", "sport_id", "tournament_id", "home_team", "away_team",
                "start_time",
                "status",
            ]
        ),
        (.settlement(seq: 1), ["type", "seq", "timestamp", "fixture_id", "market_type", "option_id", "result"]),
        (
            .bet(seq: 1),
            [
                "type", "seq", "timestamp", "bet_id", "user_id", "fixture_id", "market_type", "option_id", "amount",
                "odd",
                "potential_win", "status",
            ]
        ),
    ]

    @Test func requiredFields() throws {
        for (message, required) in Self.all {
            try Self.check([Case(message: message.json, reason: nil, field: "good")])
            try Self.check(
                required.map { Case(message: message.with([$0: nil]).json, reason: .missingField, field: $0) })
            try Self.check(
                required.map { Case(message: message.with([$0: "null"]).json, reason: .missingField, field: $0) })
        }
    }

    @Test func wrongKinds() throws {
        for (message, required) in Self.all {
            for field in required where field != "type" {
                for value in ["{}", "[]", "true"] {
                    try Self.check([Case(message: message.with([field: value]).json, reason: .badValue, field: field)])
                }
            }
        }
    }

    @Test func ids() throws {
        let longest = String(repeating: "é", count: 100)
        let cases: [(String, Bool)] = [
            ("\"\"", false), ("\"\(longest)\"", true), ("\"\(longest)x\"", false), ("\"a b\"", true),
            ("\"a\\u0000\"", false),
            ("\"a\\n\"", false), ("\"\\u001f\"", false), ("\"\u{7F}\"", false), ("\"12345678\u{7F}\"", false),
            ("\"\u{85}\"", false),
            ("\"\u{A0}\"", true), ("\"😀\"", true), ("42", true), ("4.2", false), ("1e3", false),
        ]
        for field in ["fixture_id", "market_type", "option_id", "market_id"] {
            try Self.check(
                cases.map { value, isGood in
                    Case(
                        message: BookMessage.odds(seq: 1).with([field: value]).json,
                        reason: isGood ? nil : .badValue,
                        field: field)
                })
        }
    }

    @Test func odds() throws {
        let cases: [(String, Bool)] = [
            ("1.0001", true), ("1", false), ("1.0000", false), ("1000000", true), ("1000000.0001", false),
            ("\"1.95\"", true),
            ("\"\"", false), ("\"1,95\"", false), ("\" 1.95\"", false), ("\"abc\"", false), ("0", false), ("-2", false),
            ("1e1", true),
            ("1e7", false), ("99999999999999999999999", false), ("\"NaN\"", false), ("1.00004", false),
            ("1.00005", false),
            ("1.00015", true), ("\"01.5\"", false), ("\"1.\"", false), ("\"+2\"", false),
        ]
        try Self.check(
            cases.map { value, isGood in
                Case(
                    message: BookMessage.odds(seq: 1, odd: value).json, reason: isGood ? nil : .badValue,
                    field: "odd_value")
            })
    }

    @Test func oddsMayBeMissingWhileNoBetsAreTaken() throws {
        for (status, reason) in [("suspended", nil), ("closed", nil), ("open", DeadLetterReason.missingField)] {
            let message = BookMessage.odds(seq: 1).with(["status": "\"\(status)\"", "odd_value": nil])
            try Self.check([Case(message: message.json, reason: reason, field: "odd_value")])
            let bad = BookMessage.odds(seq: 1, odd: "0.5").with(["status": "\"\(status)\""])
            try Self.check([Case(message: bad.json, reason: .badValue, field: "odd_value")])
        }
    }

    @Test func amounts() throws {
        for field in ["amount", "potential_win"] {
            for (value, isGood) in [
                ("0", true), ("-0.01", false), ("\"5\"", true), ("900000000000000", true), ("1e15", false),
            ] {
                try Self.check([
                    Case(
                        message: BookMessage.bet(seq: 1).with([field: value]).json,
                        reason: isGood ? nil : .badValue,
                        field: field)
                ])
            }
        }
    }

    @Test func times() throws {
        // Received at 2025-11-21T10:00:00Z.
        let events: [(String, Bool)] = [
            ("\"1990-01-01T00:00:00Z\"", true), ("\"1989-12-31T23:59:59.999Z\"", false),
            ("\"2025-11-21T11:00:00.000Z\"", true),
            ("\"2025-11-21T11:00:00.001Z\"", false), ("1763719200000", true), ("1763722800001", false),
            ("\"1763719200000\"", false),
            ("\"2025-11-21T12:00:00+02:00\"", true), ("\"2025-02-29T00:00:00Z\"", false), ("\"2025-11-21\"", false),
            ("\"2025-11-21T09:00:00\"", false), ("\"2025-11-21T09:30:60.000Z\"", true),
            ("\"2025-11-21T09:30:61.000Z\"", false),
            ("\"2025-11-21T25:00:00.000Z\"", false), ("1763719200000.5", true), ("-1", false), ("\"yesterday\"", false),
        ]
        try Self.check(
            events.map { value, isGood in
                Case(
                    message: BookMessage.odds(seq: 1).with(["timestamp": value]).json,
                    reason: isGood ? nil : .badValue,
                    field: "timestamp")
            })
        let starts = [("\"2030-11-20T00:00:00Z\"", true), ("\"2031-01-01T00:00:00Z\"", false)]
        try Self.check(
            starts.map { value, isGood in
                Case(
                    message: BookMessage.fixture(seq: 1).with(["start_time": value]).json,
                    reason: isGood ? nil : .badValue, field: "start_time")
            })
    }

    @Test func closedSets() throws {
        let sets: [(BookMessage, String, [String])] = [
            (.odds(seq: 1), "status", OddsStatus.allCases.map(\.name)),
            (.fixture(seq: 1), "status", FixtureStatus.allCases.map(\.name)),
            (.settlement(seq: 1), "result", SettlementResult.allCases.map(\.name)),
            (.bet(seq: 1), "status", BetStatus.allCases.map(\.name)),
        ]
        for (message, field, names) in sets {
            for name in names {
                try Self.check([Case(message: message.with([field: "\"\(name)\""]).json, reason: nil, field: field)])
            }
            for name in ["\"active\"", "\"Open\"", "\"\"", "1"] {
                try Self.check([Case(message: message.with([field: name]).json, reason: .badValue, field: field)])
            }
        }
    }

    @Test func theRest() throws {
        let odds = BookMessage.odds(seq: 1)
        try Self.check([
            Case(message: odds.with(["type": "\"price\""]).json, reason: .unknownType, field: "price"),
            Case(message: odds.with(["type": "5"]).json, reason: .unknownType, field: "type"),
            Case(message: odds.with(["seq": "-1"]).json, reason: .badValue, field: "seq"),
            Case(message: odds.with(["seq": "\"1\""]).json, reason: .badValue, field: "seq"),
            Case(message: odds.with(["seq": "1.5"]).json, reason: .badValue, field: "seq"),
            Case(message: odds.with(["seq": nil, "snapshot": "true"]).json, reason: nil, field: "seq"),
            Case(message: odds.with(["line": "\"x\""]).json, reason: .badValue, field: "line"),
            Case(message: BookMessage.market(seq: 1, "").json, reason: .badValue, field: "odds"),
            Case(message: BookMessage.market(seq: 1, "1").json, reason: .badValue, field: "odds"),
            Case(message: odds.with(["odds": "{}"]).json, reason: .badValue, field: "odds"),
            Case(
                message: BookMessage.fixture(seq: 1).with(["home_score": "-1"]).json, reason: .badValue,
                field: "home_score"),
            Case(
                message: BookMessage.fixture(seq: 1).with(["home_team": "\"\""]).json, reason: nil,
                field: "home_team"),
            Case(message: "{\"seq\":2," + odds.json.dropFirst(), reason: .malformedJSON, field: "seq"),
            Case(message: "42", reason: .badValue, field: "object"),
            Case(message: "", reason: .malformedJSON, field: "empty"),
            Case(message: "{\"type\":\"odds_change\"", reason: .malformedJSON, field: "cut short"),
            Case(message: String(repeating: "[", count: 70), reason: .tooLarge, field: "deep"),
        ])
    }

    @Test func framesHaveLimits() throws {
        let bench = try DecoderBench.sportsbook()
        let huge = [UInt8](repeating: UInt8(ascii: " "), count: RawEntry.maximumFrameBytes + 1)
        #expect(try bench.decode([huge]).reasons == [.tooLarge])
        let most = "[" + Array(repeating: "{}", count: Position.messagesPerFrame).joined(separator: ",") + "]"
        #expect(try bench.decode(most).reasons.count == Position.messagesPerFrame)
        let more = "[{}," + most.dropFirst()
        let outcome = try bench.decode(more)
        #expect(outcome.reasons == [.tooLarge])
        #expect(outcome.letters.first?.payload.count == more.utf8.count)
    }
}
