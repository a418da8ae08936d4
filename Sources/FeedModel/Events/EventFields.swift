/// What each kind of event says, as views of bytes: into the provider's frame while it is encoded, into the entry while it
/// is read. Valid only as long as those bytes are; nothing here allocates.
///
/// A missing text is an empty one: validation refuses ids that are empty.
package typealias TextView = UnsafeRawBufferPointer

extension TextView {
    package static var empty: TextView { TextView(start: nil, count: 0) }

    /// The text as a `String`; invalid UTF-8 is replaced.
    package var string: String { String(decoding: self, as: UTF8.self) }
}

/// The kinds of events an entry may hold. A number keeps its meaning for ever.
package enum EventKind: UInt8, Sendable, CaseIterable {
    case oddsChange = 1, fixtureUpdate, settlement, betPlacement, control, sequence
}

/// One selection's price, complete: what is absent is not offered.
package struct OddsChange {
    package var position = Position(rawValue: 0)
    package var sourceTime: Timestamp?
    package var status = OddsStatus.open
    /// The market's own status, when the message told it.
    package var marketStatus: OddsStatus?
    /// The fixture was live when this was decoded.
    package var isInPlay = false
    /// Part of a snapshot, not news.
    package var isSnapshot = false
    /// Best price to back; a bookmaker's only price.
    package var odd: FixedDecimal?
    package var lay: FixedDecimal?
    package var backSize: FixedDecimal?
    package var laySize: FixedDecimal?
    package var lastTraded: FixedDecimal?
    /// Sum of implied probabilities of the market's open selections − 1, when the whole market is known.
    package var overround: FixedDecimal?
    /// Only when the message told it: the first time, and when it changes.
    package var marketName = TextView.empty
    package var selectionName = TextView.empty
    /// `SelectionIdentity`'s bytes and their key.
    package var identity = TextView.empty
    package var selectionKey: UInt64 = 0

    package init() {}
}

/// A fixture's whole state.
package struct FixtureUpdate {
    package var position = Position(rawValue: 0)
    package var sourceTime: Timestamp?
    package var isSnapshot = false
    package var status = FixtureStatus.scheduled
    package var startTime: Timestamp?
    package var homeScore: Int32?
    package var awayScore: Int32?
    package var fixtureID = TextView.empty
    package var sportID = TextView.empty
    package var sport = TextView.empty
    package var tournamentID = TextView.empty
    package var tournament = TextView.empty
    package var homeTeam = TextView.empty
    package var awayTeam = TextView.empty

    package init() {}
}

/// A selection's result.
package struct Settlement {
    package var position = Position(rawValue: 0)
    package var sourceTime: Timestamp?
    package var isSnapshot = false
    package var result = SettlementResult.won
    package var identity = TextView.empty
    package var selectionKey: UInt64 = 0

    package init() {}
}

/// A bet, at any point of its life.
package struct BetPlacement {
    package var position = Position(rawValue: 0)
    package var sourceTime: Timestamp?
    package var isSnapshot = false
    package var status = BetStatus.placed
    package var side = BetSide.back
    package var amount = FixedDecimal(scaled: 0)
    package var odd = FixedDecimal(scaled: 0)
    package var potentialWin = FixedDecimal(scaled: 0)
    package var betID = TextView.empty
    package var userID = TextView.empty
    package var currency = TextView.empty
    package var identity = TextView.empty
    package var selectionKey: UInt64 = 0

    package init() {}
}

/// One event of an entry.
package enum FeedEvent {
    case oddsChange(OddsChange)
    case fixtureUpdate(FixtureUpdate)
    case settlement(Settlement)
    case betPlacement(BetPlacement)
    case control(position: Position, body: TextView)
    /// The provider's count at a message of a resumed term (`SequenceCount`).
    case sequence(Int64, position: Position)
}
