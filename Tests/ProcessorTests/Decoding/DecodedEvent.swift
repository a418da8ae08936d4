import FeedModel

/// An event of an entry, with texts of its own, so that tests can keep and compare it.
enum DecodedEvent: Equatable {
    case odds(DecodedOdds)
    case fixture(DecodedFixture)
    case settlement(DecodedSettlement)
    case bet(DecodedBet)
    case control
    case sequence(Int64, Position)
}

/// What names a selection, as text.
struct DecodedSelection: Hashable {
    var fixture = ""
    var market = ""
    var type = ""
    var option = ""
    var line: FixedDecimal?

    init(_ bytes: TextView) {
        let identity = SelectionIdentity(viewing: bytes)
        fixture = identity.fixtureID.string
        market = identity.marketID.string
        type = identity.marketType.string
        option = identity.optionID.string
        line = identity.line
    }
}

struct DecodedOdds: Equatable {
    let position: Position
    let time: Timestamp?
    let selection: DecodedSelection
    let key: UInt64
    let status: OddsStatus
    let marketStatus: OddsStatus?
    let isInPlay: Bool
    let isSnapshot: Bool
    let odd: FixedDecimal?
    let lay: FixedDecimal?
    let backSize: FixedDecimal?
    let laySize: FixedDecimal?
    let lastTraded: FixedDecimal?
    let overround: FixedDecimal?
    let marketName: String
    let selectionName: String

    init(_ event: OddsChange) {
        position = event.position
        time = event.sourceTime
        selection = DecodedSelection(event.identity)
        key = event.selectionKey
        status = event.status
        marketStatus = event.marketStatus
        isInPlay = event.isInPlay
        isSnapshot = event.isSnapshot
        odd = event.odd
        lay = event.lay
        backSize = event.backSize
        laySize = event.laySize
        lastTraded = event.lastTraded
        overround = event.overround
        marketName = event.marketName.string
        selectionName = event.selectionName.string
    }
}

struct DecodedFixture: Equatable {
    let position: Position
    let time: Timestamp?
    let isSnapshot: Bool
    let status: FixtureStatus
    let start: Timestamp?
    let scores: [Int32?]
    /// Fixture, sport id, sport, tournament id, tournament, home, away.
    let texts: [String]

    init(_ event: FixtureUpdate) {
        position = event.position
        time = event.sourceTime
        isSnapshot = event.isSnapshot
        status = event.status
        start = event.startTime
        scores = [event.homeScore, event.awayScore]
        texts = [
            event.fixtureID, event.sportID, event.sport, event.tournamentID, event.tournament, event.homeTeam,
            event.awayTeam,
        ].map(\.string)
    }
}

struct DecodedSettlement: Equatable {
    let position: Position
    let selection: DecodedSelection
    let result: SettlementResult
}

struct DecodedBet: Equatable {
    let position: Position
    let selection: DecodedSelection
    let status: BetStatus
    let side: BetSide
    let amounts: [FixedDecimal]
    /// Bet, user, currency.
    let texts: [String]
}

extension DecodedEvent {
    init(_ event: FeedEvent) {
        switch event {
        case .oddsChange(let odds): self = .odds(DecodedOdds(odds))
        case .fixtureUpdate(let fixture): self = .fixture(DecodedFixture(fixture))
        case .settlement(let settlement):
            self = .settlement(
                DecodedSettlement(
                    position: settlement.position, selection: DecodedSelection(settlement.identity),
                    result: settlement.result))
        case .betPlacement(let bet):
            self = .bet(
                DecodedBet(
                    position: bet.position, selection: DecodedSelection(bet.identity), status: bet.status,
                    side: bet.side, amounts: [bet.amount, bet.odd, bet.potentialWin],
                    texts: [bet.betID, bet.userID, bet.currency].map(\.string)))
        case .control: self = .control
        case .sequence(let sequence, let position): self = .sequence(sequence, position)
        }
    }
}
