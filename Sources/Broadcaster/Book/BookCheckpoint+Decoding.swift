import FeedModel

extension BookCheckpoint {
    init(decoding payload: [UInt8]) throws {
        self = try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            return try BookCheckpoint(&cursor)
        }
    }

    private init(_ cursor: inout ByteCursor) throws(EntryError) {
        let version = try cursor.integer(UInt8.self, "version")
        guard version == Self.version else { throw .unknownVersion(version) }
        frame = try cursor.word("frame")
        receivedAt = try cursor.time("received_at")
        term = Term(rawValue: try cursor.word("term"))
        session = SessionState(rawValue: try cursor.word("session"))
        isPartial = try cursor.integer(UInt8.self, "partial") != 0
        recovery = try cursor.text("recovery")
        let horizon = try cursor.integer(Int64.self, "horizon")
        var marks: [FeedHistory.Mark] = []
        for _ in 0..<(try cursor.integer(UInt32.self, "marks")) {
            marks.append(.init(frame: try cursor.word("mark"), at: try cursor.time("mark")))
        }
        var forks: [FeedHistory.Fork] = []
        for _ in 0..<(try cursor.integer(UInt32.self, "forks")) {
            forks.append(.init(after: try cursor.word("fork"), before: try cursor.word("fork")))
        }
        var gone: [FeedHistory.GoneLane] = []
        for _ in 0..<(try cursor.integer(UInt32.self, "gone lanes")) {
            gone.append(
                .init(
                    fixtureID: try cursor.text("gone lane"), frame: try cursor.word("gone lane"),
                    at: try cursor.time("gone lane")))
        }
        history = FeedHistory(horizon: horizon, marks: marks, forks: forks, gone: gone)
        lanes = []
        for _ in 0..<(try cursor.integer(UInt32.self, "lanes")) { lanes.append(try SavedLane(&cursor)) }
    }
}

extension SavedLane {
    fileprivate init(_ cursor: inout ByteCursor) throws(EntryError) {
        fixtureID = try cursor.text("fixture id")
        seq = try cursor.word("seq")
        fixturePosition = Position(rawValue: try cursor.word("fixture position"))
        fixtureFrame = try cursor.word("fixture frame")
        factsFrame = try cursor.word("facts frame")
        changedAt = try cursor.time("changed at")
        if try cursor.integer(UInt8.self, "fixture") != 0 { fixture = try FixtureInfo(&cursor) }
        for _ in 0..<(try cursor.integer(UInt32.self, "markets")) {
            let id = try cursor.text("market id")
            let type = try cursor.text("market type")
            markets.append(Market(id: id, type: type, name: try cursor.text("market name")))
        }
        for _ in 0..<(try cursor.integer(UInt32.self, "rows")) {
            let row = try Row(&cursor, markets: markets.count)
            markets[row.market].rowCount += 1
            rows.append(row)
        }
        for _ in 0..<(try cursor.integer(UInt32.self, "tombstones")) {
            let key = try cursor.integer(UInt64.self, "tombstone")
            tombstones[key] = try Tombstone(&cursor, markets: markets.count)
        }
    }
}

extension FixtureInfo {
    fileprivate init(_ cursor: inout ByteCursor) throws(EntryError) {
        sportID = try cursor.text("sport id")
        sport = try cursor.text("sport")
        tournamentID = try cursor.text("tournament id")
        tournament = try cursor.text("tournament")
        homeTeam = try cursor.text("home team")
        awayTeam = try cursor.text("away team")
        startTime = try cursor.optionalTime("start time")
        status = FixtureStatus(rawValue: try cursor.word("status")) ?? .scheduled
        let home = try cursor.integer(Int32.self, "score")
        let away = try cursor.integer(Int32.self, "score")
        homeScore = home == .min ? nil : home
        awayScore = away == .min ? nil : away
    }
}

extension Row {
    fileprivate init(_ cursor: inout ByteCursor, markets: Int) throws(EntryError) {
        key = try cursor.word("key")
        let identityLength = Int(try cursor.integer(UInt16.self, "identity"))
        let bytes = try cursor.take(identityLength, "identity")
        guard SelectionIdentity.length(at: bytes) == identityLength else { throw .truncated("identity") }
        identity = [UInt8](bytes)
        market = Int(try cursor.integer(UInt32.self, "market"))
        guard market < markets else { throw .truncated("market of a row") }
        option = SelectionIdentity(viewing: bytes).optionID.string
        line = SelectionIdentity(viewing: bytes).line
        name = try cursor.text("name")
        prices = Prices(
            price: try cursor.price(), lay: try cursor.price(), backSize: try cursor.price(),
            laySize: try cursor.price(), lastTraded: try cursor.price())
        status = OddsStatus(rawValue: try cursor.word("status")) ?? .suspended
        sourceTime = try cursor.optionalTime("source time")
        position = Position(rawValue: try cursor.word("position"))
        changedFrame = try cursor.word("changed frame")
        closedAt = try cursor.optionalTime("closed at")
    }
}

extension Tombstone {
    fileprivate init(_ cursor: inout ByteCursor, markets: Int) throws(EntryError) {
        guard let reason = RemovalReason(code: try cursor.word("reason")) else { throw .truncated("reason") }
        self.reason = reason
        market = Int(try cursor.integer(UInt32.self, "market"))
        guard market < markets else { throw .truncated("market of a tombstone") }
        name = try cursor.text("name of a tombstone")
        position = Position(rawValue: try cursor.word("position"))
        frame = try cursor.word("frame")
        removedAt = try cursor.time("removed at")
    }
}

extension ByteCursor {
    /// An integer of the type that its place asks for.
    fileprivate mutating func word<Value: FixedWidthInteger & BitwiseCopyable>(
        _ place: StaticString
    ) throws(EntryError) -> Value {
        try integer(Value.self, place)
    }

    fileprivate mutating func text(_ place: StaticString) throws(EntryError) -> String {
        try take(Int(try integer(UInt16.self, place)), place).string
    }

    fileprivate mutating func time(_ place: StaticString) throws(EntryError) -> Timestamp {
        Timestamp(microseconds: try integer(Int64.self, place))
    }

    fileprivate mutating func optionalTime(_ place: StaticString) throws(EntryError) -> Timestamp? {
        let value = try integer(Int64.self, place)
        return value == .min ? nil : Timestamp(microseconds: value)
    }

    fileprivate mutating func price() throws(EntryError) -> FixedDecimal? {
        let value = try integer(Int64.self, "price")
        return value == .min ? nil : FixedDecimal(scaled: value)
    }
}

extension RemovalReason {
    fileprivate init?(code: UInt8) {
        switch code {
        case 100: self = .closed
        case 101: self = .gone
        default:
            guard let result = SettlementResult(rawValue: code) else { return nil }
            self = .settled(result)
        }
    }
}
