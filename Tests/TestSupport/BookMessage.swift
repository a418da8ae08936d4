/// Writes messages of the sportsbook API for tests: a good one of each type, whose fields can be changed or left out.
package struct BookMessage {
    private var fields: [(key: String, value: String)]

    /// Nil values leave the field out; values are raw JSON.
    package func with(_ changes: KeyValuePairs<String, String?>) -> BookMessage {
        var result = self
        for (key, value) in changes {
            let place = result.fields.firstIndex { $0.key == key }
            switch (place, value) {
            case (let place?, let value?): result.fields[place].value = value
            case (let place?, nil): result.fields.remove(at: place)
            case (nil, let value?): result.fields.append((key, value))
            case (nil, nil): break
            }
        }
        return result
    }

    package var json: String { "{" + fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}" }

    package static func odds(seq: Int, fixture: String = "fx-1", option: String = "home", odd: String = "1.95")
        -> BookMessage
    {
        BookMessage(fields: [
            ("type", "\"odds_change\""), ("seq", "\(seq)"), ("timestamp", "\"2025-11-21T09:59:59.500Z\""),
            ("fixture_id", "\"\(fixture)\""), ("market_type", "\"1X2\""), ("option_id", "\"\(option)\""),
            ("odd_value", odd),
        ])
    }

    package static func market(seq: Int, _ offers: String) -> BookMessage {
        odds(seq: seq).with(["option_id": nil, "odd_value": nil, "odds": "[\(offers)]"])
    }

    package static func fixture(seq: Int, id: String = "fx-1", status: String = "scheduled") -> BookMessage {
        BookMessage(fields: [
            ("type", "\"fixture_update\""), ("seq", "\(seq)"), ("timestamp", "1763719199500"),
            ("fixture_id", "\"\(id)\""),
            ("sport_id", "\"football\""), ("sport", "\"Football\""), ("tournament_id", "\"t-1\""),
            ("tournament", "\"Premier League\""), ("home_team", "\"Árbær\""), ("away_team", "\"B\""),
            ("start_time", "\"2025-11-22T15:00:00Z\""), ("status", "\"\(status)\""), ("home_score", "1"),
            ("away_score", "0"),
        ])
    }

    package static func settlement(seq: Int, option: String = "home", result: String = "won") -> BookMessage {
        odds(seq: seq, option: option).with(
            ["type": "\"settlement\"", "odd_value": nil, "result": "\"\(result)\""])
    }

    package static func bet(seq: Int) -> BookMessage {
        odds(seq: seq).with([
            "type": "\"bet_placement\"", "odd_value": nil, "bet_id": "\"b-1\"", "user_id": "\"u-1\"",
            "amount": "\"10.50\"",
            "odd": "1.95", "potential_win": "20.475", "currency": "\"EUR\"", "status": "\"placed\"",
        ])
    }
}
