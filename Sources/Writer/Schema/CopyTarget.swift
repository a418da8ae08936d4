/// The history tables that rows are copied into, with the columns in the order in which their fields are encoded.
package enum CopyTarget: Int, Sendable, CaseIterable {
    case oddsTicks, fixtureUpdates, settlements, betEvents

    package var table: String {
        switch self {
        case .oddsTicks: "odds_ticks"
        case .fixtureUpdates: "fixture_updates"
        case .settlements: "settlements"
        case .betEvents: "bet_events"
        }
    }

    package var columns: [String] {
        switch self {
        case .oddsTicks:
            [
                "received_at", "position", "source_time", "selection_key", "feed_id", "status", "odd_value",
                "lay_value",
                "back_size", "lay_size", "last_traded",
            ]
        case .fixtureUpdates:
            [
                "received_at", "position", "source_time", "start_time", "fixture_key", "home_score", "away_score",
                "feed_id",
                "status", "sport_id", "sport", "tournament_id", "tournament", "home_team", "away_team",
            ]
        case .settlements: ["received_at", "position", "source_time", "selection_key", "feed_id", "result"]
        case .betEvents:
            [
                "received_at", "position", "source_time", "fixture_key", "selection_key", "feed_id", "status", "amount",
                "odd",
                "potential_win", "bet_id", "user_id", "currency", "side",
            ]
        }
    }

    package var statement: String {
        "COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN WITH (FORMAT binary)"
    }

    /// The target of a refused COPY, by the table that the refusal names.
    package init?(table: String) {
        guard let match = Self.allCases.first(where: { $0.table == table }) else { return nil }
        self = match
    }
}
