// The closed sets of the domain. Raw values are what entries and smallint columns hold; `name` is what people read.
// A number, once used, keeps its meaning for ever.

/// The state of a fixture.
package enum FixtureStatus: UInt8, Sendable, CaseIterable, NamedCode {
    case scheduled = 1, live, suspended, finished, cancelled
}

/// Whether bets are taken at a price.
package enum OddsStatus: UInt8, Sendable, CaseIterable, NamedCode {
    case open = 1, suspended, closed
}

/// How a selection ended.
package enum SettlementResult: UInt8, Sendable, CaseIterable, NamedCode {
    case won = 1, lost, placed, void, removed
}

/// The life of a bet.
package enum BetStatus: UInt8, Sendable, CaseIterable, NamedCode {
    case placed = 1, accepted, rejected, won, lost, void, cashedOut
}

/// Whether a bet is on its selection or, on an exchange, against it.
package enum BetSide: UInt8, Sendable, CaseIterable, NamedCode {
    case back = 1, lay
}

/// What a subscriber may believe of a feed.
package enum FeedStatus: UInt8, Sendable, CaseIterable, NamedCode {
    case up = 1, stale, down, recovering
}

/// What a FeedClient's session is doing.
package enum SessionState: UInt8, Sendable, CaseIterable, NamedCode {
    case connecting = 1, authenticating, subscribing, snapshot, live, stale, backoff
}

/// Why a stretch of a feed is incomplete.
package enum GapKind: UInt8, Sendable, CaseIterable, NamedCode {
    case reconnect = 1, sequence, stale, overflow, lost
}

/// Where a message was refused.
package enum DeadLetterStage: UInt8, Sendable, CaseIterable, NamedCode {
    case processor = 1, writer, feed
}

/// Why a message was refused.
package enum DeadLetterReason: UInt8, Sendable, CaseIterable, NamedCode {
    case malformedJSON = 1, unknownType, missingField, badValue, tooLarge, tooManyDeliveries, writeRejected
}

/// A code with a name in snake case, as the protocols, tables and metrics spell it.
package protocol NamedCode: RawRepresentable, CaseIterable where RawValue == UInt8 {}

extension NamedCode {
    /// Snake case of the case's name: `cashedOut` is `cashed_out`, `malformedJSON` is `malformed_json`.
    package var name: String {
        var result = ""
        var isAfterUpper = true
        for character in String(describing: self) {
            if character.isUppercase, !isAfterUpper { result.append("_") }
            isAfterUpper = character.isUppercase
            result.append(character.lowercased())
        }
        return result
    }

    package init?(name: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
