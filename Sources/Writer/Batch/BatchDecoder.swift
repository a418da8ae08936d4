import FeedModel
import RedisStreams

/// A feed as a worker meets it: its place among the worker's feeds and its key in Postgres.
struct FeedRoute: Sendable, Hashable {
    let index: Int
    let feedID: Int16
    let streams: StreamNames

    var name: FeedName { streams.feed }
}

/// How far a batch had come before an entry, to go back to when the entry turns out bad.
private struct Mark {
    private let odds, bets, fixtures, settlements: Int
    private let marketStatuses, marketNames, selectionNames, gaps, refusals, sequences: Int

    init(_ batch: borrowing WriteBatch) {
        odds = batch.odds.count
        bets = batch.bets.count
        fixtures = batch.fixtures.count
        settlements = batch.settlements.count
        marketStatuses = batch.marketStatuses.count
        marketNames = batch.marketNames.count
        selectionNames = batch.selectionNames.count
        gaps = batch.gaps.count
        refusals = batch.refusals.count
        sequences = batch.sequences.count
    }

    /// What became pending stays so: only what a row refers to is ever written.
    func rewind(_ batch: inout WriteBatch) {
        batch.odds.removeLast(batch.odds.count - odds)
        batch.bets.removeLast(batch.bets.count - bets)
        batch.fixtures.removeLast(batch.fixtures.count - fixtures)
        batch.settlements.removeLast(batch.settlements.count - settlements)
        batch.marketStatuses.removeLast(batch.marketStatuses.count - marketStatuses)
        batch.marketNames.removeLast(batch.marketNames.count - marketNames)
        batch.selectionNames.removeLast(batch.selectionNames.count - selectionNames)
        batch.gaps.removeLast(batch.gaps.count - gaps)
        batch.refusals.removeLast(batch.refusals.count - refusals)
        batch.sequences.removeLast(batch.sequences.count - sequences)
    }
}

/// Turns entries of `events` into the rows of a batch. The hot path of the Writer: one pass over the bytes, one lookup
/// per
/// selection, no allocation per event but for what is met for the first time.
struct BatchDecoder: ~Copyable {
    private(set) var batch = WriteBatch()
    private var index = PendingIndex()
    /// Of the entry that is being read.
    private var receivedAt: Int64 = 0
    /// What the arrays of the next batch start with, so that they do not grow step by step.
    private var expectedOdds = 0

    /// Hands the batch over and starts another.
    mutating func take() -> WriteBatch {
        let taken = batch
        expectedOdds = max(taken.odds.count, expectedOdds - expectedOdds / 8)
        batch = WriteBatch()
        batch.odds.reserveCapacity(expectedOdds)
        index.removeAll()
        return taken
    }

    /// Appends everything an entry says. If it throws, nothing of the entry is in the batch.
    mutating func append(
        _ entry: StreamEntry, of route: FeedRoute, cache: inout DimensionCache
    ) throws(EntryError) {
        if batch.entries.isEmpty { cache.beginBatch() }
        let mark = Mark(batch)
        let failure = entry.payload.withUnsafeBytes { bytes -> EntryError? in
            do throws(EntryError) {
                try read(bytes, entry, route, &cache)
                return nil
            } catch {
                return error
            }
        }
        guard let failure else { return }
        mark.rewind(&batch)
        cache.forgetStatuses()
        throw failure
    }

    /// Keeps an entry that cannot be read, for the dead letters.
    mutating func reject(_ entry: StreamEntry, of route: FeedRoute, _ why: EntryError) {
        batch.unreadable.append(
            UnreadableEntry(
                feed: route.index, feedID: route.feedID, id: entry.id, payload: entry.payload, why: "\(why)",
                seenAt: WallClock.now))
    }

    mutating func noteLost(_ id: StreamID, of route: FeedRoute) {
        batch.lost.append(LostEntry(feed: route.index, feedID: route.feedID, id: id))
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ entry: StreamEntry, _ route: FeedRoute, _ cache: inout DimensionCache
    ) throws(EntryError) {
        var reader = try EventsEntryReader(bytes)
        let number = Int32(batch.entries.count)
        receivedAt = (reader.header.letter?.receivedAt ?? reader.header.receivedAt).microseconds
        cache.follow(reader.header, feedID: route.feedID)
        while let event = try reader.next() {
            switch event {
            case .oddsChange(let change): append(change, number, route.feedID, &cache)
            case .betPlacement(let bet): append(bet, number, route.feedID, &cache)
            case .settlement(let settlement): append(settlement, number, route.feedID, &cache)
            case .fixtureUpdate(let update): append(update, number, route.feedID, &cache)
            case .control(let position, let body): append(control: body, at: position, number)
            case .sequence(let sequence, let position):
                batch.sequences.append(
                    SequenceNote(position: position.rawValue, sequence: sequence, entry: number))
            }
        }
        batch.append(
            BatchEntry(
                feed: route.index, feedID: route.feedID, id: entry.id, header: reader.header, payload: entry.payload))
        if let trace = entry.trace { batch.traces.append(trace) }
    }

    // MARK: Events

    private mutating func append(
        _ event: borrowing OddsChange, _ entry: Int32, _ feedID: Int16, _ cache: inout DimensionCache
    ) {
        let selection: DimensionRef
        if let found = cache.selections.find(feed: feedID, hash: event.selectionKey, event.identity) {
            selection = .key(found.value)
            if let status = event.marketStatus {
                note(status, of: found.link, event.position, entry, feedID, &cache)
            }
            if event.marketName.count > 0 {
                let market = DimensionRef.key(cache.market(at: found.link).marketKey)
                appendName(event.marketName, of: market, event.position, entry, to: \.marketNames)
            }
        } else {
            selection = pendingSelection(event.identity, event.selectionKey, feedID, cache)
            appendMarket(of: selection, event, entry, feedID, &cache)
        }
        if event.selectionName.count > 0 {
            appendName(event.selectionName, of: selection, event.position, entry, to: \.selectionNames)
        }
        batch.odds.append(
            OddsRow(
                position: event.position.rawValue, sourceTime: event.sourceTime?.microseconds ?? Absent.value,
                odd: event.odd?.scaled ?? Absent.value, lay: event.lay?.scaled ?? Absent.value,
                backSize: event.backSize?.scaled ?? Absent.value, laySize: event.laySize?.scaled ?? Absent.value,
                lastTraded: event.lastTraded?.scaled ?? Absent.value, selection: selection, entry: entry,
                status: event.status.rawValue))
    }

    private mutating func note(
        _ status: OddsStatus, of market: Int32, _ position: Position, _ entry: Int32, _ feedID: Int16,
        _ cache: inout DimensionCache
    ) {
        guard
            cache.isNews(market: market, status: status.rawValue, position: position.rawValue, feedID: feedID)
        else { return }
        batch.marketStatuses.append(
            MarketStatusRow(
                position: position.rawValue, market: .key(cache.market(at: market).marketKey), entry: entry,
                status: status.rawValue))
    }

    /// Status and name of a market whose selection is pending.
    private mutating func appendMarket(
        of selection: DimensionRef, _ event: borrowing OddsChange, _ entry: Int32, _ feedID: Int16,
        _ cache: inout DimensionCache
    ) {
        guard let pending = selection.pendingIndex else { return }
        let market = batch.pending.selections[pending].market
        if let status = event.marketStatus {
            // The cache has to hear of it: it leaves out what it believes is there already.
            if market.pendingIndex == nil, let index = cache.marketIndex(of: event.identity, feedID: feedID) {
                note(status, of: index, event.position, entry, feedID, &cache)
            } else {
                batch.marketStatuses.append(
                    MarketStatusRow(
                        position: event.position.rawValue, market: market, entry: entry, status: status.rawValue))
            }
        }
        if event.marketName.count > 0 {
            appendName(event.marketName, of: market, event.position, entry, to: \.marketNames)
        }
    }

    private mutating func appendName(
        _ name: TextView, of owner: DimensionRef, _ position: Position, _ entry: Int32,
        to rows: WritableKeyPath<WriteBatch, [NameRow]>
    ) {
        let slice = batch.store(name)
        batch[keyPath: rows].append(
            NameRow(position: position.rawValue, owner: owner, entry: entry, name: slice))
    }

    private mutating func append(
        _ event: borrowing BetPlacement, _ entry: Int32, _ feedID: Int16, _ cache: inout DimensionCache
    ) {
        let selection: DimensionRef
        let fixture: DimensionRef
        if let found = cache.selections.find(feed: feedID, hash: event.selectionKey, event.identity) {
            selection = .key(found.value)
            fixture = .key(cache.market(at: found.link).fixtureKey)
        } else {
            selection = pendingSelection(event.identity, event.selectionKey, feedID, cache)
            fixture = selection.pendingIndex.map { batch.pending.selections[$0].fixture } ?? selection
        }
        let (betID, userID) = (batch.store(event.betID), batch.store(event.userID))
        batch.bets.append(
            BetRow(
                position: event.position.rawValue, sourceTime: event.sourceTime?.microseconds ?? Absent.value,
                amount: event.amount.scaled, odd: event.odd.scaled, potentialWin: event.potentialWin.scaled,
                selection: selection, fixture: fixture, entry: entry, status: event.status.rawValue,
                side: event.side.rawValue, betID: betID, userID: userID, currency: batch.store(event.currency)))
    }

    private mutating func append(
        _ event: borrowing Settlement, _ entry: Int32, _ feedID: Int16, _ cache: inout DimensionCache
    ) {
        let selection: DimensionRef
        if let found = cache.selections.find(feed: feedID, hash: event.selectionKey, event.identity) {
            selection = .key(found.value)
        } else {
            selection = pendingSelection(event.identity, event.selectionKey, feedID, cache)
        }
        batch.settlements.append(
            SettlementRow(
                position: event.position.rawValue, sourceTime: event.sourceTime?.microseconds ?? Absent.value,
                selection: selection, entry: entry, result: event.result.rawValue))
    }

    private mutating func append(
        _ event: borrowing FixtureUpdate, _ entry: Int32, _ feedID: Int16, _ cache: inout DimensionCache
    ) {
        let fixture = self.fixture(event.fixtureID, feedID, cache)
        batch.fixtures.append(
            FixtureRow(
                position: event.position.rawValue, sourceTime: event.sourceTime?.microseconds ?? Absent.value,
                startTime: event.startTime?.microseconds ?? Absent.value, homeScore: event.homeScore ?? Absent.score,
                awayScore: event.awayScore ?? Absent.score, fixture: fixture, entry: entry,
                status: event.status.rawValue, sportID: batch.store(event.sportID), sport: batch.store(event.sport),
                tournamentID: batch.store(event.tournamentID), tournament: batch.store(event.tournament),
                homeTeam: batch.store(event.homeTeam), awayTeam: batch.store(event.awayTeam)))
    }

    private mutating func append(control body: TextView, at position: Position, _ entry: Int32) {
        // What a newer build says of the session is no row of this one.
        guard let event = try? ControlEvent(decoding: body) else { return }
        switch event {
        case .gap(let gap):
            batch.gaps.append(GapChange(position: position.rawValue, entry: entry, kind: .opened(gap)))
        case .gapHealed(let healed, let time):
            batch.gaps.append(GapChange(position: healed, entry: entry, kind: .healed(at: time)))
        case .letterRefused(let letter, let stage, let reason, let detail):
            batch.refusals.append(
                LetterRefusal(position: letter, stage: stage, reason: reason, detail: detail, entry: entry))
        case .termStarted, .stateChanged, .resumed, .snapshotBegan, .snapshotEnded, .keepalive, .frameTooLarge,
            .letterReplayed:
            return
        }
    }

    // MARK: What is met for the first time

    private mutating func pendingSelection(
        _ identity: TextView, _ hash: UInt64, _ feedID: Int16, _ cache: borrowing DimensionCache
    ) -> DimensionRef {
        if let known = index.selections.find(feed: feedID, hash: hash, identity) { return .pending(Int(known.value)) }
        let selection = SelectionIdentity(viewing: identity)
        let fixture = self.fixture(selection.fixtureID, feedID, cache)
        let market = self.market(selection, fixture, feedID, cache)
        let number = batch.pending.selections.count
        index.selections.insert(feed: feedID, hash: hash, identity, value: Int32(number))
        batch.pending.selections.append(
            .init(feedID: feedID, market: market, fixture: fixture, identity: batch.store(identity), hash: hash))
        return .pending(number)
    }

    private mutating func market(
        _ selection: SelectionIdentity, _ fixture: DimensionRef, _ feedID: Int16, _ cache: borrowing DimensionCache
    ) -> DimensionRef {
        var bytes: [UInt8] = []
        selection.appendMarket(to: &bytes)
        return bytes.withUnsafeBytes { identity in
            let hash = DimensionCache.hash(identity, feedID: feedID)
            if let known = cache.markets.find(feed: feedID, hash: hash, identity) { return .key(known.value) }
            if let known = index.markets.find(feed: feedID, hash: hash, identity) { return .pending(Int(known.value)) }
            let number = batch.pending.markets.count
            index.markets.insert(feed: feedID, hash: hash, identity, value: Int32(number))
            batch.pending.markets.append(
                .init(
                    feedID: feedID, fixture: fixture, identity: batch.store(identity), hash: hash,
                    id: batch.store(selection.marketID), type: batch.store(selection.marketType)))
            return .pending(number)
        }
    }

    private mutating func fixture(
        _ id: TextView, _ feedID: Int16, _ cache: borrowing DimensionCache
    ) -> DimensionRef {
        let hash = DimensionCache.hash(id, feedID: feedID)
        if let known = cache.fixtures.find(feed: feedID, hash: hash, id) { return .key(known.value) }
        if let known = index.fixtures.find(feed: feedID, hash: hash, id) { return .pending(Int(known.value)) }
        let number = batch.pending.fixtures.count
        index.fixtures.insert(feed: feedID, hash: hash, id, value: Int32(number))
        batch.pending.fixtures.append(.init(feedID: feedID, id: batch.store(id), hash: hash, receivedAt: receivedAt))
        return .pending(number)
    }
}
