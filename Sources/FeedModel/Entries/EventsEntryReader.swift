/// Reads the payload of one `events` entry, event by event. The events are views into `bytes`.
package struct EventsEntryReader {
    package let header: EventsEntryHeader
    private var cursor: ByteCursor
    private var remaining: Int

    package init(_ bytes: UnsafeRawBufferPointer) throws(EntryError) {
        var cursor = ByteCursor(bytes)
        header = try EventsEntryHeader(&cursor)
        remaining = header.eventCount
        self.cursor = cursor
    }

    /// The next event, or nil after the last.
    package mutating func next() throws(EntryError) -> FeedEvent? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let kind = try cursor.integer(UInt8.self, "event kind")
        let flags = try cursor.integer(UInt8.self, "event flags")
        _ = try cursor.integer(UInt16.self, "event length")
        let offset = Int64(try cursor.integer(UInt32.self, "event position"))
        let time = try cursor.integer(Int64.self, "source_time")
        let common = Common(
            position: Position(rawValue: header.baseFrame << Position.ordinalBits + offset),
            sourceTime: time == .min ? nil : Timestamp(microseconds: time),
            isSnapshot: flags & 1 != 0, isInPlay: flags & 2 != 0, isLay: flags & 4 != 0)
        switch EventKind(rawValue: kind) {
        case .oddsChange: return .oddsChange(try oddsChange(common))
        case .fixtureUpdate: return .fixtureUpdate(try fixtureUpdate(common))
        case .settlement: return .settlement(try settlement(common))
        case .betPlacement: return .betPlacement(try betPlacement(common))
        case .control:
            let length = Int(try cursor.integer(UInt32.self, "control body"))
            return .control(position: common.position, body: try cursor.take(length, "control body"))
        case .sequence:
            return .sequence(try cursor.integer(Int64.self, "sequence"), position: common.position)
        case nil: throw .truncated("event kind \(kind)")
        }
    }

    private struct Common {
        let position: Position
        let sourceTime: Timestamp?
        let isSnapshot: Bool
        let isInPlay: Bool
        let isLay: Bool
    }

    private mutating func oddsChange(_ common: Common) throws(EntryError) -> OddsChange {
        var event = OddsChange()
        event.position = common.position
        event.sourceTime = common.sourceTime
        event.isSnapshot = common.isSnapshot
        event.isInPlay = common.isInPlay
        event.status = OddsStatus(rawValue: try cursor.integer(UInt8.self, "status")) ?? .suspended
        event.marketStatus = OddsStatus(rawValue: try cursor.integer(UInt8.self, "market status"))
        let mask = try cursor.integer(UInt8.self, "prices")
        let marketName = Int(try cursor.integer(UInt8.self, "market name"))
        let selectionName = Int(try cursor.integer(UInt8.self, "selection name"))
        event.selectionKey = try cursor.integer(UInt64.self, "selection key")
        event.identity = try identity()
        event.odd = try price(1, mask)
        event.lay = try price(2, mask)
        event.backSize = try price(4, mask)
        event.laySize = try price(8, mask)
        event.lastTraded = try price(16, mask)
        event.overround = try price(32, mask)
        event.marketName = try cursor.take(marketName, "market name")
        event.selectionName = try cursor.take(selectionName, "selection name")
        return event
    }

    private mutating func fixtureUpdate(_ common: Common) throws(EntryError) -> FixtureUpdate {
        var event = FixtureUpdate()
        event.position = common.position
        event.sourceTime = common.sourceTime
        event.isSnapshot = common.isSnapshot
        event.status = FixtureStatus(rawValue: try cursor.integer(UInt8.self, "status")) ?? .scheduled
        let start = try cursor.integer(Int64.self, "start_time")
        event.startTime = start == .min ? nil : Timestamp(microseconds: start)
        let home = try cursor.integer(Int32.self, "home score")
        let away = try cursor.integer(Int32.self, "away score")
        event.homeScore = home == .min ? nil : home
        event.awayScore = away == .min ? nil : away
        event.fixtureID = try cursor.shortText("fixture id")
        event.sportID = try cursor.shortText("sport id")
        event.sport = try cursor.shortText("sport")
        event.tournamentID = try cursor.shortText("tournament id")
        event.tournament = try cursor.shortText("tournament")
        event.homeTeam = try cursor.shortText("home team")
        event.awayTeam = try cursor.shortText("away team")
        return event
    }

    private mutating func settlement(_ common: Common) throws(EntryError) -> Settlement {
        var event = Settlement()
        event.position = common.position
        event.sourceTime = common.sourceTime
        event.isSnapshot = common.isSnapshot
        event.result = SettlementResult(rawValue: try cursor.integer(UInt8.self, "result")) ?? .void
        event.selectionKey = try cursor.integer(UInt64.self, "selection key")
        event.identity = try identity()
        return event
    }

    private mutating func betPlacement(_ common: Common) throws(EntryError) -> BetPlacement {
        var event = BetPlacement()
        event.position = common.position
        event.sourceTime = common.sourceTime
        event.isSnapshot = common.isSnapshot
        event.status = BetStatus(rawValue: try cursor.integer(UInt8.self, "status")) ?? .placed
        event.side = common.isLay ? .lay : .back
        event.amount = FixedDecimal(scaled: try cursor.integer(Int64.self, "amount"))
        event.odd = FixedDecimal(scaled: try cursor.integer(Int64.self, "odd"))
        event.potentialWin = FixedDecimal(scaled: try cursor.integer(Int64.self, "potential win"))
        event.selectionKey = try cursor.integer(UInt64.self, "selection key")
        event.identity = try identity()
        event.betID = try cursor.shortText("bet id")
        event.userID = try cursor.shortText("user id")
        event.currency = try cursor.shortText("currency")
        return event
    }

    private mutating func identity() throws(EntryError) -> TextView {
        let rest = UnsafeRawBufferPointer(rebasing: cursor.bytes[cursor.offset...])
        guard let length = SelectionIdentity.length(at: rest) else { throw .truncated("selection identity") }
        return try cursor.take(length, "selection identity")
    }

    private mutating func price(_ bit: UInt8, _ mask: UInt8) throws(EntryError) -> FixedDecimal? {
        guard mask & bit != 0 else { return nil }
        return FixedDecimal(scaled: try cursor.integer(Int64.self, "price"))
    }
}
