import FeedModel

/// Events as `tap` prints them and as mapping tests name them.
enum EventText {
    private static let common = ["type", "position", "received_at", "source_time"]
    private static let identity = ["fixture_id", "market_id", "market_type", "option_id", "line"]

    /// Every field that an event of a type can have, by type.
    static let fields: [String: [String]] = [
        "odds_change": common + identity + [
            "market_name", "selection_name", "status", "market_status", "odd", "lay", "back_size", "lay_size",
            "last_traded", "overround", "in_play", "snapshot",
        ],
        "fixture_update": common + [
            "fixture_id", "status", "sport_id", "sport", "tournament_id", "tournament", "home_team", "away_team",
            "start_time", "home_score", "away_score", "snapshot",
        ],
        "settlement": common + identity + ["result", "snapshot"],
        "bet_placement": common + identity + [
            "bet_id", "user_id", "amount", "odd", "potential_win", "currency", "side", "status", "snapshot",
        ],
        "control": common + ["body"],
        "sequence": common + ["sequence"],
    ]

    static func item(_ event: FeedEvent, at receivedAt: Timestamp) -> EntryItem {
        switch event {
        case .oddsChange(let odds):
            item("odds_change", odds.position, receivedAt, odds.sourceTime, values(of: odds))
        case .fixtureUpdate(let fixture):
            item("fixture_update", fixture.position, receivedAt, fixture.sourceTime, values(of: fixture))
        case .settlement(let settlement):
            item(
                "settlement", settlement.position, receivedAt, settlement.sourceTime,
                identity(settlement.identity) + [
                    ("result", .text(settlement.result.name)), ("snapshot", flag(settlement.isSnapshot)),
                ])
        case .betPlacement(let bet):
            item("bet_placement", bet.position, receivedAt, bet.sourceTime, values(of: bet))
        case .control(let position, let body):
            item("control", position, receivedAt, nil, [("body", .json(body.string))])
        case .sequence(let sequence, let position):
            item("sequence", position, receivedAt, nil, [("sequence", .json("\(sequence)"))])
        }
    }

    private static func item(
        _ type: String, _ position: Position, _ receivedAt: Timestamp, _ sourceTime: Timestamp?,
        _ values: [(String, EntryItem.Value?)]
    ) -> EntryItem {
        EntryItem(
            [
                ("type", .text(type)), ("position", .text(position.description)),
                ("received_at", .text(receivedAt.description)), ("source_time", time(sourceTime)),
            ] + values)
    }

    private static func values(of odds: borrowing OddsChange) -> [(String, EntryItem.Value?)] {
        identity(odds.identity) + [
            ("market_name", told(odds.marketName)), ("selection_name", told(odds.selectionName)),
            ("status", .text(odds.status.name)), ("market_status", odds.marketStatus.map { .text($0.name) }),
            ("odd", decimal(odds.odd)), ("lay", decimal(odds.lay)), ("back_size", decimal(odds.backSize)),
            ("lay_size", decimal(odds.laySize)), ("last_traded", decimal(odds.lastTraded)),
            ("overround", decimal(odds.overround)), ("in_play", flag(odds.isInPlay)),
            ("snapshot", flag(odds.isSnapshot)),
        ]
    }

    private static func values(of fixture: borrowing FixtureUpdate) -> [(String, EntryItem.Value?)] {
        [
            ("fixture_id", .text(fixture.fixtureID.string)), ("status", .text(fixture.status.name)),
            ("sport_id", told(fixture.sportID)), ("sport", .text(fixture.sport.string)),
            ("tournament_id", told(fixture.tournamentID)), ("tournament", .text(fixture.tournament.string)),
            ("home_team", .text(fixture.homeTeam.string)), ("away_team", .text(fixture.awayTeam.string)),
            ("start_time", time(fixture.startTime)), ("home_score", fixture.homeScore.map { .json("\($0)") }),
            ("away_score", fixture.awayScore.map { .json("\($0)") }), ("snapshot", flag(fixture.isSnapshot)),
        ]
    }

    private static func values(of bet: borrowing BetPlacement) -> [(String, EntryItem.Value?)] {
        identity(bet.identity) + [
            ("bet_id", .text(bet.betID.string)), ("user_id", .text(bet.userID.string)), ("amount", decimal(bet.amount)),
            ("odd", decimal(bet.odd)), ("potential_win", decimal(bet.potentialWin)), ("currency", told(bet.currency)),
            ("side", .text(bet.side.name)), ("status", .text(bet.status.name)), ("snapshot", flag(bet.isSnapshot)),
        ]
    }

    private static func identity(_ bytes: TextView) -> [(String, EntryItem.Value?)] {
        let identity = SelectionIdentity(viewing: bytes)
        return [
            ("fixture_id", .text(identity.fixtureID.string)), ("market_id", .text(identity.marketID.string)),
            ("market_type", .text(identity.marketType.string)), ("option_id", .text(identity.optionID.string)),
            ("line", decimal(identity.line)),
        ]
    }

    private static func decimal(_ value: FixedDecimal?) -> EntryItem.Value? { value.map { .json($0.description) } }
    private static func flag(_ isSet: Bool) -> EntryItem.Value? { isSet ? .json("true") : nil }
    private static func time(_ time: Timestamp?) -> EntryItem.Value? { time.map { .text($0.description) } }
    /// Names come with the first price only; an empty one is none.
    private static func told(_ text: TextView) -> EntryItem.Value? { text.isEmpty ? nil : .text(text.string) }
}
