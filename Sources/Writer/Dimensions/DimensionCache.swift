import FeedModel

/// The keys of fixtures, markets and selections that this worker knows to be committed, and what it last wrote of each
/// market's status.
///
/// Bounded: when it holds more than it may, everything is forgotten and found again in Postgres as it is met. Owned by
/// one
/// worker's task.
struct DimensionCache: ~Copyable {
    private(set) var fixtures = IdentityTable(capacity: 256)
    private(set) var markets = IdentityTable(capacity: 512)
    private(set) var selections = IdentityTable(capacity: 1_024)
    private var states: [MarketState] = []
    private var runs: [Int16: Run] = [:]
    private let maximumSelections: Int
    /// Tells batches apart.
    private var batch = 0

    init(maximumSelections: Int) { self.maximumSelections = maximumSelections }

    /// A cached market.
    struct MarketState {
        let marketKey: Int32
        let fixtureKey: Int32
        /// The status written last and where it stood; 0 and below every position before the first.
        var status: UInt8 = 0
        var position: Int64 = .min
        /// The batch that it was noted for last.
        var batch: Int = -1
    }

    /// Memory held by the tables.
    var byteSize: Int {
        fixtures.byteSize + markets.byteSize + selections.byteSize + states.capacity * MemoryLayout<MarketState>.stride
    }

    static func hash(_ identity: TextView, feedID: Int16) -> UInt64 {
        StableHash.hash(identity, seed: UInt64(UInt16(bitPattern: feedID)))
    }

    func market(at index: Int32) -> MarketState { states[Int(index)] }

    /// Where the market of a selection stands; nil if it is not cached.
    func marketIndex(of selection: TextView, feedID: Int16) -> Int32? {
        var bytes: [UInt8] = []
        SelectionIdentity(viewing: selection).appendMarket(to: &bytes)
        return bytes.withUnsafeBytes { market in
            markets.find(feed: feedID, hash: Self.hash(market, feedID: feedID), market)?.link
        }
    }

    // MARK: Statuses

    /// Entries that followed each other without a break: whatever lies between two of them, this worker has seen.
    private struct Run {
        var start: Int64
        var last: FrameNumber
    }

    /// Tells the cache which entry is decoded next.
    mutating func follow(_ header: EventsEntryHeader, feedID: Int16) {
        let start = Position(frame: header.first, ordinal: 0).rawValue
        guard let run = runs[feedID], run.last == header.prev else {
            runs[feedID] = Run(start: start, last: header.last)
            return
        }
        runs[feedID] = Run(start: run.start, last: header.last)
    }

    /// What follows belongs to another batch than what came before.
    mutating func beginBatch() { batch += 1 }

    /// Whether a market's status must be written, and remembers that it is.
    ///
    /// An unchanged status need not be, but only if nobody else can hold a different one from between the last that was
    /// written and this one; so both must lie in one unbroken run of entries. Nor is it left out behind another one of its own
    /// batch: the message that brought that may yet be refused, and this one has to stand in for it.
    mutating func isNews(market index: Int32, status: UInt8, position: Int64, feedID: Int16) -> Bool {
        let known = states[Int(index)]
        if position < known.position { return true }
        if known.status == status, known.batch != batch, let run = runs[feedID], known.position >= run.start {
            return false
        }
        states[Int(index)].batch = batch
        states[Int(index)].status = status
        states[Int(index)].position = position
        return true
    }

    /// Forgets what was written of statuses: some of it was not, after all.
    mutating func forgetStatuses() {
        for index in states.indices {
            states[index].status = 0
            states[index].position = .min
        }
    }

    // MARK: After COMMIT

    /// Learns the keys that a committed batch found or made. What only refused or repeated entries named has none.
    mutating func learn(_ batch: borrowing SealedBatch, _ resolved: ResolvedDimensions) {
        let pending = batch.batch.pending
        guard !pending.isEmpty else { return }
        batch.batch.arena.withUnsafeBytes { arena in
            for (index, fixture) in pending.fixtures.enumerated() where resolved.fixtures[index] > 0 {
                fixtures.insert(
                    feed: fixture.feedID, hash: fixture.hash, arena.text(fixture.id), value: resolved.fixtures[index])
            }
            for (index, market) in pending.markets.enumerated() where resolved.markets[index] > 0 {
                insert(market, arena, marketKey: resolved.markets[index], fixtureKey: resolved.fixture(market.fixture))
            }
            for (index, selection) in pending.selections.enumerated() where resolved.selections[index] > 0 {
                insert(selection, arena, key: resolved.selections[index], resolved)
            }
        }
        if selections.count > maximumSelections { removeAll() }
    }

    private mutating func insert(
        _ market: PendingDimensions.Market, _ arena: UnsafeRawBufferPointer, marketKey: Int32, fixtureKey: Int32
    ) {
        let identity = arena.text(market.identity)
        guard markets.find(feed: market.feedID, hash: market.hash, identity) == nil else { return }
        markets.insert(
            feed: market.feedID, hash: market.hash, identity, value: marketKey, link: Int32(states.count))
        states.append(MarketState(marketKey: marketKey, fixtureKey: fixtureKey))
    }

    private mutating func insert(
        _ selection: PendingDimensions.Selection, _ arena: UnsafeRawBufferPointer, key: Int32,
        _ resolved: ResolvedDimensions
    ) {
        let identity = arena.text(selection.identity)
        var bytes: [UInt8] = []
        SelectionIdentity(viewing: identity).appendMarket(to: &bytes)
        let index = bytes.withUnsafeBytes { market in
            let hash = Self.hash(market, feedID: selection.feedID)
            if let known = markets.find(feed: selection.feedID, hash: hash, market) { return known.link }
            // Its market was known when the batch was decoded and forgotten since.
            let index = Int32(states.count)
            let marketKey = resolved.market(selection.market)
            markets.insert(feed: selection.feedID, hash: hash, market, value: marketKey, link: index)
            states.append(MarketState(marketKey: marketKey, fixtureKey: resolved.fixture(selection.fixture)))
            return index
        }
        selections.insert(feed: selection.feedID, hash: selection.hash, identity, value: key, link: index)
    }

    mutating func removeAll() {
        fixtures.removeAll()
        markets.removeAll()
        selections.removeAll()
        states.removeAll(keepingCapacity: true)
    }

    // MARK: Before the next commit

    /// The keys of pending dimensions that became known since the batch was decoded.
    func resolve(_ batch: borrowing WriteBatch) -> ResolvedDimensions {
        var resolved = ResolvedDimensions(batch.pending)
        let pending = batch.pending
        guard !pending.isEmpty else { return resolved }
        batch.arena.withUnsafeBytes { arena in
            for (index, item) in pending.fixtures.enumerated() {
                let found = fixtures.find(feed: item.feedID, hash: item.hash, arena.text(item.id))
                resolved.fixtures[index] = found?.value ?? 0
            }
            for (index, item) in pending.markets.enumerated() {
                let found = markets.find(feed: item.feedID, hash: item.hash, arena.text(item.identity))
                resolved.markets[index] = found?.value ?? 0
            }
            for (index, item) in pending.selections.enumerated() {
                let found = selections.find(feed: item.feedID, hash: item.hash, arena.text(item.identity))
                resolved.selections[index] = found?.value ?? 0
            }
        }
        return resolved
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a slice of the arena that this is.
    func text(_ slice: TextSlice) -> TextView {
        let start = Int(slice.start)
        return TextView(rebasing: self[start..<start + Int(slice.length)])
    }
}
