import FeedModel
import NIOCore

/// What became of an event.
enum Outcome: Sendable {
    case changed
    /// It says what is known already: dropped here, kept in history.
    case unchanged
    /// Something later was applied before.
    case outdated
    /// Two selections share a key; the second one is refused.
    case collision
    /// It ends something that this instance never knew.
    case unknown
    /// Not an event, but what time or a snapshot's end did.
    case housekeeping
}

/// The rows of one lane, moving only forward by position; pure state, no clock, no I/O.
///
/// Changes are collected frame by frame; `finishFrame` turns them into deltas.
struct LaneState: Sendable {
    let lane: Int
    let feed: Int
    let fixtureID: String
    let name: String
    /// Frame number of the last change.
    var seq: FrameNumber
    var fixture: FixtureInfo?
    var fixturePosition = Position(rawValue: -1)
    /// The frame that last changed what subscribers see of the fixture.
    var fixtureFrame: FrameNumber = 0
    var facts: LaneFacts
    /// The frame that last changed what filters look at; the lane's first one to begin with.
    var factsFrame: FrameNumber
    /// When the last change was received.
    var changedAt = Timestamp(microseconds: 0)
    var markets: [Market] = []
    var rows: [Row] = []
    var tombstones: [UInt64: Tombstone] = [:]
    private var index: [UInt64: Int] = [:]
    var marketIndex: [String: Int] = [:]

    // What the frame being applied has changed so far.
    private(set) var touchedKeys: [UInt64] = []
    private(set) var isFixtureTouched = false

    // Who watches, and what was rendered for them: `LaneState+Frames`, `LaneState+Snapshot`.
    var slots: [ProjectionSlot] = []
    var nextSlot = 0
    var renderings: [Projection: LaneRendering] = [:]

    init(lane: Int, feed: Int, fixtureID: String, name: String, frame: FrameNumber) {
        self.lane = lane
        self.feed = feed
        self.fixtureID = fixtureID
        self.name = name
        seq = frame
        factsFrame = frame
        facts = LaneFacts(feed: feed, fixtureID: fixtureID, fixture: nil)
    }

    /// Continues from what a checkpoint holds.
    init(lane: Int, feed: Int, name: String, restoring saved: SavedLane) {
        self.init(lane: lane, feed: feed, fixtureID: saved.fixtureID, name: name, frame: saved.seq)
        fixture = saved.fixture
        fixturePosition = saved.fixturePosition
        fixtureFrame = saved.fixtureFrame
        facts = LaneFacts(feed: feed, fixtureID: fixtureID, fixture: fixture)
        factsFrame = saved.factsFrame
        changedAt = saved.changedAt
        markets = saved.markets
        rows = saved.rows
        tombstones = saved.tombstones
        for slot in rows.indices { index[rows[slot].key] = slot }
        for slot in markets.indices { marketIndex[Self.marketKey(markets[slot].type, markets[slot].id)] = slot }
    }

    /// What a checkpoint keeps of the lane.
    var saved: SavedLane {
        SavedLane(
            fixtureID: fixtureID, seq: seq, fixture: fixture, fixturePosition: fixturePosition,
            fixtureFrame: fixtureFrame, factsFrame: factsFrame, changedAt: changedAt, markets: markets, rows: rows,
            tombstones: tombstones)
    }

    var isTouched: Bool { isFixtureTouched || !touchedKeys.isEmpty }

    func row(_ key: UInt64) -> Row? { index[key].map { rows[$0] } }

    /// How many selections it knows, with those that are gone but not forgotten.
    var keyCount: Int { rows.count + tombstones.count }

    func knows(_ key: UInt64) -> Bool { index[key] != nil || tombstones[key] != nil }

    // MARK: Events

    mutating func apply(
        _ event: borrowing OddsChange, at position: Position, frame: FrameNumber, receivedAt: Timestamp
    ) -> Outcome {
        guard let slot = index[event.selectionKey] else {
            return create(event, at: position, frame: frame, receivedAt: receivedAt)
        }
        guard rows[slot].isIdentified(by: event.identity) else { return .collision }
        guard position > rows[slot].position else { return .outdated }
        rows[slot].position = position
        let prices = Prices(event)
        var mask = rows[slot].prices.difference(to: prices)
        if rows[slot].status != event.status { mask.insert(.status) }
        if rename(slot, event, frame: frame) { mask.insert(.description) }
        guard !mask.isEmpty else { return .unchanged }
        rows[slot].prices = prices
        rows[slot].status = event.status
        rows[slot].sourceTime = event.sourceTime
        if event.status != .closed {
            rows[slot].closedAt = nil
        } else if rows[slot].closedAt == nil {
            rows[slot].closedAt = receivedAt
        }
        touch(slot, mask, frame: frame)
        changedAt = receivedAt
        return .changed
    }

    private mutating func create(
        _ event: borrowing OddsChange, at position: Position, frame: FrameNumber, receivedAt: Timestamp
    ) -> Outcome {
        // Nobody needs to hear that something they never saw is closed.
        guard event.status != .closed else { return .unknown }
        var mask = FieldMask.created
        var name = event.selectionName.string
        if let tombstone = tombstones[event.selectionKey] {
            guard position > tombstone.position else { return .outdated }
            if tombstone.frame == frame { mask = .replacement }
            if name.isEmpty { name = tombstone.name }
            tombstones[event.selectionKey] = nil
        }
        let identity = SelectionIdentity(viewing: event.identity)
        let market = marketSlot(identity, name: event.marketName, frame: frame)
        markets[market].rowCount += 1
        index[event.selectionKey] = rows.count
        rows.append(
            Row(
                key: event.selectionKey, identity: [UInt8](event.identity), market: market,
                option: identity.optionID.string, line: identity.line, name: name,
                prices: Prices(event), status: event.status, sourceTime: event.sourceTime, position: position,
                changedFrame: frame))
        touch(rows.count - 1, mask, frame: frame)
        changedAt = receivedAt
        return .changed
    }

    mutating func apply(
        _ event: borrowing Settlement, at position: Position, frame: FrameNumber, receivedAt: Timestamp
    ) -> Outcome {
        guard let slot = index[event.selectionKey] else { return .unknown }
        guard rows[slot].isIdentified(by: event.identity) else { return .collision }
        guard position > rows[slot].position else { return .outdated }
        remove(slot, .settled(event.result), at: position, frame: frame, receivedAt: receivedAt)
        return .changed
    }

    mutating func apply(
        _ event: borrowing FixtureUpdate, at position: Position, frame: FrameNumber, receivedAt: Timestamp
    ) -> Outcome {
        guard position > fixturePosition else { return .outdated }
        fixturePosition = position
        let info = FixtureInfo(event)
        guard info != fixture else { return .unchanged }
        fixture = info
        fixtureFrame = frame
        isFixtureTouched = true
        changedAt = receivedAt
        let facts = LaneFacts(feed: feed, fixtureID: fixtureID, fixture: info)
        if facts != self.facts {
            self.facts = facts
            factsFrame = frame
        }
        return .changed
    }

    // MARK: Time

    /// How long tombstones and closed rows are kept, by `received_at`: the same on every instance.
    static let retention = Duration.seconds(600)
    /// A fixture that should be over but never said so is forgotten after this long without a change.
    static let abandonment = Duration.seconds(12 * 3600)

    /// Removes what has been closed for long, and forgets old tombstones.
    mutating func sweep(at position: Position, frame: FrameNumber, receivedAt: Timestamp) -> Outcome {
        let limit = receivedAt - Self.retention
        if tombstones.contains(where: { $0.value.removedAt < limit }) {
            tombstones = tombstones.filter { $0.value.removedAt >= limit }
            forgetUnusedMarkets()
        }
        var slot = 0
        while slot < rows.count {
            if let closedAt = rows[slot].closedAt, closedAt < limit {
                remove(slot, .closed, at: position, frame: frame, receivedAt: receivedAt)
            } else {
                slot += 1
            }
        }
        return .housekeeping
    }

    /// Whether nothing more is to be expected of the lane.
    func isExpired(at receivedAt: Timestamp) -> Bool {
        let isOver = fixture?.isOver ?? false
        if isOver || rows.isEmpty && tombstones.isEmpty && fixture == nil {
            return changedAt < receivedAt - Self.retention
        }
        let hasStarted = fixture?.startTime.map { $0 < receivedAt - Self.abandonment } ?? true
        return hasStarted && changedAt < receivedAt - Self.abandonment
    }

    /// A snapshot that began at `began` has ended: what it did not confirm is gone.
    mutating func reconcile(since began: Position, at position: Position, frame: FrameNumber, receivedAt: Timestamp)
        -> Outcome
    {
        var slot = 0
        while slot < rows.count {
            if rows[slot].position < began, rows[slot].status != .closed {
                remove(slot, .gone, at: position, frame: frame, receivedAt: receivedAt)
            } else {
                slot += 1
            }
        }
        return .housekeeping
    }

    // MARK: Rows

    private mutating func remove(
        _ slot: Int, _ reason: RemovalReason, at position: Position, frame: FrameNumber, receivedAt: Timestamp
    ) {
        let row = rows[slot]
        if row.touched.isEmpty { touchedKeys.append(row.key) }
        tombstones[row.key] = Tombstone(
            reason: reason, market: row.market, name: row.name, position: position, frame: frame, removedAt: receivedAt)
        markets[row.market].rowCount -= 1
        index[row.key] = nil
        let last = rows.removeLast()
        if last.key != row.key {
            rows[slot] = last
            index[last.key] = slot
        }
        changedAt = receivedAt
    }

    private mutating func touch(_ slot: Int, _ mask: FieldMask, frame: FrameNumber) {
        if rows[slot].touched.isEmpty { touchedKeys.append(rows[slot].key) }
        rows[slot].touched.formUnion(mask)
        rows[slot].changedFrame = frame
    }

    /// Takes over names that the event tells; true if the row's own changed.
    private mutating func rename(_ slot: Int, _ event: borrowing OddsChange, frame: FrameNumber) -> Bool {
        if !event.marketName.isEmpty, !event.marketName.elementsEqual(markets[rows[slot].market].name.utf8) {
            rename(market: rows[slot].market, event.marketName.string, frame: frame)
        }
        guard !event.selectionName.isEmpty, !event.selectionName.elementsEqual(rows[slot].name.utf8) else {
            return false
        }
        rows[slot].name = event.selectionName.string
        return true
    }

    /// A market's name is part of each of its rows.
    private mutating func rename(market: Int, _ name: String, frame: FrameNumber) {
        markets[market].name = name
        for slot in rows.indices where rows[slot].market == market { touch(slot, .description, frame: frame) }
    }

    private mutating func marketSlot(_ identity: SelectionIdentity, name: TextView, frame: FrameNumber) -> Int {
        let id = identity.marketID.string
        let type = identity.marketType.string
        let key = Self.marketKey(type, id)
        if let known = marketIndex[key] {
            if !name.isEmpty, !name.elementsEqual(markets[known].name.utf8) {
                rename(market: known, name.string, frame: frame)
            }
            return known
        }
        markets.append(Market(id: id, type: type, name: name.string))
        marketIndex[key] = markets.count - 1
        noteMarket(type)
        return markets.count - 1
    }

    static func marketKey(_ type: String, _ id: String) -> String { "\(type)\u{0}\(id)" }

    /// Ends the frame being applied; called by `finishFrame` when the deltas are made.
    mutating func clearTouched(frame: FrameNumber) {
        for key in touchedKeys {
            if let slot = index[key] { rows[slot].touched = [] }
        }
        touchedKeys.removeAll(keepingCapacity: true)
        isFixtureTouched = false
        seq = frame
        if !renderings.isEmpty { renderings.removeAll(keepingCapacity: true) }
    }
}

extension Row {
    /// Whether an event's identity is this row's; keys may collide.
    func isIdentified(by bytes: TextView) -> Bool {
        identity.withUnsafeBytes { $0.elementsEqual(bytes) }
    }
}

extension Prices {
    init(_ event: borrowing OddsChange) {
        self.init(
            price: event.odd, lay: event.lay, backSize: event.backSize, laySize: event.laySize,
            lastTraded: event.lastTraded)
    }
}
