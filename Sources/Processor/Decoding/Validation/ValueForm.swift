import FeedModel

/// The forms that values of messages take, with their limits.
package enum ValueForm: UInt8, Sendable {
    /// Names a thing: 1–200 bytes without control characters; a whole number stands for its digits.
    case id
    /// Describes a thing: at most 200 bytes without control characters.
    case text
    /// A whole number from 0.
    case sequence
    /// 1.0001 ≤ odds ≤ 1,000,000.
    case odds
    /// ≥ 0.
    case amount
    /// Any decimal: a line.
    case decimal
    /// 0 ≤ price ≤ 1: of a contract that pays 1.
    case probability
    /// A whole number from 0 of 31 bits.
    case score
    /// Between 1990 and the feed's clock slack, an hour by default, after it was received.
    case eventTime
    /// The same, where the provider writes epoch seconds or milliseconds as number or text, or RFC 3339.
    case epoch
    /// Between 1990 and five years after it was received.
    case startTime
    case flag
    /// A list of objects.
    case list
    /// Closed sets.
    case fixtureStatus, oddsStatus, settlementResult, betStatus

    static let textBytes = 200
    static let oddsRange = FixedDecimal(scaled: 10_001)...FixedDecimal(scaled: 1_000_000 * FixedDecimal.scale)
    /// 1990-01-01T00:00:00Z.
    static let earliest = Timestamp(milliseconds: 631_152_000_000)
    /// How far after `received_at` a source time may be, unless the feed says otherwise: clocks differ.
    package static let clockSlack = Duration.seconds(3_600)
    /// How far after `received_at` a fixture may start.
    static let startSlack = Duration.seconds(5 * 366 * 86_400)

    /// What a value should have been, for the detail of a letter.
    var expectation: String {
        switch self {
        case .id: "an id of 1 to \(Self.textBytes) bytes without control characters"
        case .text: "a text of at most \(Self.textBytes) bytes without control characters"
        case .sequence, .score: "a whole number from 0"
        case .odds: "odds between \(Self.oddsRange.lowerBound) and \(Self.oddsRange.upperBound)"
        case .amount: "an amount from 0"
        case .decimal: "a decimal number"
        case .probability: "a price between 0 and 1"
        case .eventTime: "a time (RFC 3339 or epoch milliseconds) between 1990 and `clock_slack` after it was received"
        case .epoch:
            "a time (epoch seconds or milliseconds, or RFC 3339) between 1990 and `clock_slack` after it was received"
        case .startTime: "a time (RFC 3339 or epoch milliseconds) between 1990 and five years after it was received"
        case .flag: "true or false"
        case .list: "a list"
        case .fixtureStatus: Self.names(FixtureStatus.self)
        case .oddsStatus: Self.names(OddsStatus.self)
        case .settlementResult: Self.names(SettlementResult.self)
        case .betStatus: Self.names(BetStatus.self)
        }
    }

    private static func names<Code: NamedCode>(_ codes: Code.Type) -> String {
        "one of " + Code.allCases.map(\.name).joined(separator: ", ")
    }
}

/// The window that source times have to be in, for one `received_at`.
struct TimeWindow {
    let latestEvent: Timestamp
    let latestStart: Timestamp

    init(receivedAt: Timestamp, clockSlack: Duration) {
        latestEvent = receivedAt + clockSlack
        latestStart = receivedAt + ValueForm.startSlack
    }
}
