/// The fields of the sportsbook API that are read.
enum SportsbookField: Int, MessageField {
    case type, seq, timestamp, snapshot, fixtureID, marketType, optionID, oddValue, marketID, line, status, odds
    case sportID, sport, tournamentID, tournament, homeTeam, awayTeam, startTime, homeScore, awayScore
    case result, betID, userID, amount, odd, potentialWin, currency

    var key: String {
        switch self {
        case .type: "type"
        case .seq: "seq"
        case .timestamp: "timestamp"
        case .snapshot: "snapshot"
        case .fixtureID: "fixture_id"
        case .marketType: "market_type"
        case .optionID: "option_id"
        case .oddValue: "odd_value"
        case .marketID: "market_id"
        case .line: "line"
        case .status: "status"
        case .odds: "odds"
        case .sportID: "sport_id"
        case .sport: "sport"
        case .tournamentID: "tournament_id"
        case .tournament: "tournament"
        case .homeTeam: "home_team"
        case .awayTeam: "away_team"
        case .startTime: "start_time"
        case .homeScore: "home_score"
        case .awayScore: "away_score"
        case .result: "result"
        case .betID: "bet_id"
        case .userID: "user_id"
        case .amount: "amount"
        case .odd: "odd"
        case .potentialWin: "potential_win"
        case .currency: "currency"
        }
    }
}

/// What each message of the sportsbook API has to say, and in which form. The limits are `ValueForm`'s.
struct SportsbookRules: ~Copyable {
    typealias Rule = FieldRule<SportsbookField>

    let fixtureUpdate = RuleTable<SportsbookField>([
        .live(.seq, .sequence),
        .required(.timestamp, .eventTime),
        .required(.fixtureID, .id),
        .required(.sportID, .id),
        .optional(.sport, .text),
        .required(.tournamentID, .id),
        .optional(.tournament, .text),
        .required(.homeTeam, .text),
        .required(.awayTeam, .text),
        .required(.startTime, .startTime),
        .required(.status, .fixtureStatus),
        .optional(.homeScore, .score),
        .optional(.awayScore, .score),
    ])

    /// One selection's price.
    let oddsChange = RuleTable<SportsbookField>([
        .live(.seq, .sequence),
        .required(.timestamp, .eventTime),
        .required(.fixtureID, .id),
        .required(.marketType, .id),
        .optional(.marketID, .id),
        .optional(.line, .decimal),
        .required(.optionID, .id),
        .optional(.status, .oddsStatus),
        .whileOpen(.oddValue, .odds),
    ])

    /// The prices of a whole market.
    let marketOdds = RuleTable<SportsbookField>([
        .live(.seq, .sequence),
        .required(.timestamp, .eventTime),
        .required(.fixtureID, .id),
        .required(.marketType, .id),
        .optional(.marketID, .id),
        .optional(.line, .decimal),
        .optional(.status, .oddsStatus),
        .required(.odds, .list),
    ])

    /// One of the prices of a whole market.
    let offer = RuleTable<SportsbookField>([
        .required(.optionID, .id),
        .optional(.status, .oddsStatus),
        .whileOpen(.oddValue, .odds),
    ])

    let settlement = RuleTable<SportsbookField>([
        .live(.seq, .sequence),
        .required(.timestamp, .eventTime),
        .required(.fixtureID, .id),
        .required(.marketType, .id),
        .optional(.marketID, .id),
        .optional(.line, .decimal),
        .required(.optionID, .id),
        .required(.result, .settlementResult),
    ])

    let betPlacement = RuleTable<SportsbookField>([
        .live(.seq, .sequence),
        .required(.timestamp, .eventTime),
        .required(.betID, .id),
        .required(.userID, .id),
        .required(.fixtureID, .id),
        .required(.marketType, .id),
        .optional(.marketID, .id),
        .optional(.line, .decimal),
        .required(.optionID, .id),
        .required(.amount, .amount),
        .required(.odd, .odds),
        .required(.potentialWin, .amount),
        .optional(.currency, .id),
        .required(.status, .betStatus),
    ])
}
