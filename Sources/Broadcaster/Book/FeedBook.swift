import FeedModel

/// One feed's lanes as its `events` stream has described them so far. The reader owns it; only lanes are shared.
struct FeedBook: Sendable {
    let name: FeedName
    let index: Int
    private(set) var chain = EntryChain()
    private(set) var history = FeedHistory()
    var freshness = FeedFreshness()
    private(set) var lanes: [String: Lane] = [:]
    /// What became of events since `takeChanges`.
    private(set) var changes = BookChanges()

    private let numbers: LaneNumbers
    /// Saves looking at identities, and finds the lane of a settlement.
    private(set) var laneOfKey: [UInt64: Lane] = [:]
    private var snapshotBegan: Position?
    private var lastReceivedAt: Timestamp?
    // What the frame being applied has touched.
    private var touched: [Lane] = []
    private var touchedFrame: FrameNumber = 0

    init(name: FeedName, index: Int, numbers: LaneNumbers) {
        self.name = name
        self.index = index
        self.numbers = numbers
    }

    /// What happened since the last call.
    mutating func takeChanges() -> BookChanges {
        defer { changes = BookChanges() }
        return changes
    }

    // MARK: Entries

    /// Applies an entry if it continues the chain, or if `acceptingHoles` says to go on regardless.
    ///
    /// `isWatched`: the stream was watched without a break since the entry before, so that Redis cannot have lost anything
    /// in between.
    mutating func apply(
        _ payload: [UInt8], acceptingHoles: Bool, isWatched: Bool, _ encoding: inout FrameEncoding
    ) throws -> EntryChain.Link {
        try payload.withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            let header = reader.header
            let link = chain.link(header)
            switch link {
            case .continues: break
            case .first(let isOrigin):
                history.begin(at: header.prev)
                if isOrigin {
                    // What a client has from before the log's first frame is of another log.
                    history.forked(after: header.prev, at: header.first)
                } else {
                    freshness.becamePartial()
                }
            case .hole, .fork:
                guard acceptingHoles else { return link }
                history.begin(at: header.first)
                freshness.becamePartial()
            }
            noteTerm(header, isWatched: isWatched)
            changes.entries += 1
            sweepIfDue(header, &encoding)
            // What a replayed letter says was true once: how old it is by now, nobody can tell. It is history, for Postgres.
            if header.letter != nil { changes.count(.outdated) }
            while header.letter == nil, let event = try reader.next() { try apply(event, header, &encoding) }
            finishFrame(&encoding)
            chain.advance(to: header)
            freshness.entryApplied(receivedAt: header.receivedAt, at: encoding.now)
            return link
        }
    }

    private mutating func noteTerm(_ header: EventsEntryHeader, isWatched: Bool) {
        guard chain.last != nil, header.term != chain.term, !isWatched else { return }
        history.forked(after: header.prev, at: header.first)
        changes.isForked = true
    }

    private mutating func apply(
        _ event: FeedEvent, _ header: EventsEntryHeader, _ encoding: inout FrameEncoding
    ) throws {
        switch event {
        case .oddsChange(let change):
            let frame = begin(change.position, &encoding)
            let lane = lane(of: change, frame)
            update(lane) { $0.apply(change, at: change.position, frame: frame, receivedAt: header.receivedAt) }
        case .settlement(let settlement):
            let frame = begin(settlement.position, &encoding)
            guard let lane = laneOfKey[settlement.selectionKey] else { return changes.count(.unknown) }
            update(lane) { $0.apply(settlement, at: settlement.position, frame: frame, receivedAt: header.receivedAt) }
        case .fixtureUpdate(let fixture):
            let frame = begin(fixture.position, &encoding)
            let lane = lane(fixture.fixtureID.string, frame)
            let factsFrame = lane.withState { $0.factsFrame }
            update(lane) { $0.apply(fixture, at: fixture.position, frame: frame, receivedAt: header.receivedAt) }
            if lane.withState({ $0.factsFrame }) != factsFrame { changes.describe(lane) }
        case .betPlacement: changes.notBroadcast += 1
        case .sequence: return
        case .control(let position, let body):
            let frame = begin(position, &encoding)
            // What a newer build says of the session does not stop the prices.
            guard let control = try? ControlEvent(decoding: body) else { return }
            self.control(control, at: Position(frame: frame, ordinal: 0), header)
        }
    }

    private mutating func control(_ event: ControlEvent, at position: Position, _ header: EventsEntryHeader) {
        freshness.controlApplied(event)
        switch event {
        case .termStarted: snapshotBegan = nil
        case .snapshotBegan: snapshotBegan = position
        case .snapshotEnded:
            guard let began = snapshotBegan else { return }
            snapshotBegan = nil
            for lane in lanes.values {
                update(lane) {
                    $0.reconcile(since: began, at: position, frame: position.frame, receivedAt: header.receivedAt)
                }
            }
        default: break
        }
    }

    // MARK: Frames

    /// The frame that an event belongs to; ends the one before it.
    private mutating func begin(
        _ position: Position, _ encoding: inout FrameEncoding
    ) -> FrameNumber {
        let frame = position.frame
        if frame != touchedFrame {
            finishFrame(&encoding)
            touchedFrame = frame
        }
        return frame
    }

    private mutating func finishFrame(_ encoding: inout FrameEncoding) {
        let frame = touchedFrame
        for lane in touched {
            let isHoldingBack = lane.withState { $0.finishFrame(frame, &encoding) }
            if isHoldingBack { changes.holdingBack.append(lane) }
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Changes a lane, and remembers it for the end of the frame.
    private mutating func update(_ lane: Lane, _ body: (inout LaneState) -> Outcome) {
        let (outcome, isFirst) = lane.withState { state in
            let wasTouched = state.isTouched
            let outcome = body(&state)
            return (outcome, state.isTouched && !wasTouched)
        }
        changes.count(outcome)
        if isFirst { touched.append(lane) }
    }

    // MARK: Lanes

    private mutating func lane(of change: OddsChange, _ frame: FrameNumber) -> Lane {
        if let known = laneOfKey[change.selectionKey] { return known }
        let lane = lane(SelectionIdentity(viewing: change.identity).fixtureID.string, frame)
        laneOfKey[change.selectionKey] = lane
        return lane
    }

    private mutating func lane(_ fixtureID: String, _ frame: FrameNumber) -> Lane {
        if let known = lanes[fixtureID] { return known }
        let lane = Lane(id: numbers.next(), feed: index, feedName: name, fixtureID: fixtureID, frame: frame)
        lanes[fixtureID] = lane
        changes.describe(lane)
        return lane
    }

    // MARK: Time

    /// What is old is looked for with the first entry of every ten seconds of `received_at`: the entries decide, not this
    /// instance's clock or age, so that all instances forget the same things with the same frame.
    private static func period(_ time: Timestamp) -> Int64 { time.microseconds / 10_000_000 }

    private mutating func sweepIfDue(_ header: EventsEntryHeader, _ encoding: inout FrameEncoding) {
        defer { lastReceivedAt = header.receivedAt }
        guard let lastReceivedAt, Self.period(header.receivedAt) != Self.period(lastReceivedAt) else { return }
        touchedFrame = header.first
        let position = Position(frame: header.first, ordinal: 0)
        for lane in lanes.values {
            update(lane) { $0.sweep(at: position, frame: header.first, receivedAt: header.receivedAt) }
        }
        var expired: [Lane] = []
        var keyCount = 0
        for lane in lanes.values {
            let (isExpired, count) = lane.withState { ($0.isExpired(at: header.receivedAt), $0.keyCount) }
            if isExpired { expired.append(lane) } else { keyCount += count }
        }
        if !expired.isEmpty { forget(expired, header) }
        forgetKeys(of: keyCount)
        history.swept(at: header.receivedAt, last: chain.last ?? header.prev)
    }

    /// Where selections come and go most keys are of none that a lane still knows; of those nothing but their number shows.
    private mutating func forgetKeys(of known: Int) {
        guard laneOfKey.count > 2 * known + 1_024 else { return }
        laneOfKey = laneOfKey.filter { key, lane in lane.withState { $0.knows(key) } }
    }

    private mutating func forget(_ expired: [Lane], _ header: EventsEntryHeader) {
        let numbers = Set(expired.map(\.id))
        laneOfKey = laneOfKey.filter { !numbers.contains($0.value.id) }
        touched.removeAll { numbers.contains($0.id) }
        for lane in expired {
            lanes[lane.fixtureID] = nil
            changes.vanish(lane, frame: header.first)
            history.laneGone(lane.fixtureID, frame: header.first, at: header.receivedAt)
        }
    }
}

extension FeedBook {
    /// Takes over what a checkpoint holds; the next entry must continue it.
    init(name: FeedName, index: Int, numbers: LaneNumbers, restoring checkpoint: BookCheckpoint) {
        self.init(name: name, index: index, numbers: numbers)
        chain = EntryChain(last: checkpoint.frame, term: checkpoint.term)
        history = checkpoint.history
        freshness = FeedFreshness(checkpoint)
        lastReceivedAt = checkpoint.receivedAt
        for state in checkpoint.lanes {
            let lane = Lane(id: numbers.next(), feed: index, feedName: name, restoring: state)
            lanes[lane.fixtureID] = lane
            changes.describe(lane)
            for row in state.rows { laneOfKey[row.key] = lane }
            for key in state.tombstones.keys { laneOfKey[key] = lane }
        }
    }

    /// What another instance can start from; nil before the first entry, and while a snapshot is half applied.
    var checkpoint: BookCheckpoint? {
        guard let frame = chain.last, let receivedAt = lastReceivedAt, snapshotBegan == nil else { return nil }
        return BookCheckpoint(
            frame: frame, receivedAt: receivedAt, term: chain.term, history: history, session: freshness.session,
            recovery: freshness.recovery ?? "", isPartial: freshness.isPartial,
            lanes: lanes.values.map { lane in lane.withState { $0.saved } })
    }
}
