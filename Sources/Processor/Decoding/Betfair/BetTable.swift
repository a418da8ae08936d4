import FeedModel

/// The bets of an exchange account, bounded: what makes a bet that is sent again no news.
struct BetTable: ~Copyable {
    private var bets: KeyedTable<BetState>
    private let seed: UInt64
    private var evictions = 0
    /// Markets and runners of which a message of this entry told all there is, and where the last one began. Never walked.
    private var images: [UInt64: Position] = [:]
    /// Grows with the feed: what was used last is forgotten last.
    var use: Int64 = 0

    init(feed: FeedName, maximum: Int) {
        seed = feed.selectionSeed
        bets = KeyedTable(maximum: maximum, seed: feed.selectionSeed)
    }

    /// Things forgotten since the last call.
    mutating func takeEvictions() -> Int {
        defer { evictions = 0 }
        return evictions
    }

    /// A text's hash, as states keep it.
    func hash(_ text: TextView) -> UInt64 { StableHash.hash(text, seed: seed) }

    /// The hash of a runner of a market.
    func hash(_ runner: RunnerKey, market: UInt64) -> UInt64 {
        withUnsafeBytes(of: (market.littleEndian, runner.id.littleEndian, runner.line.littleEndian)) { hash($0) }
    }

    /// Enters a bet as it was sent. `body` gets its identity if there is something to tell of it: the one that it was first
    /// told with, or the one that `identity` makes for a new bet or a new runner.
    mutating func enter(
        _ order: Order, _ terms: BetTerms, on runner: (market: UInt64, runner: UInt64), at position: Position,
        identity: () -> [UInt8], _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        let hash = bets.hash(order.id)
        var slot = bets.find(order.id, hash: hash)
        let known: BetState? = slot < 0 ? nil : bets[slot]
        let state = BetState(
            terms: terms, market: runner.market, runner: runner.runner, seen: position, isOver: order.isComplete)
        if slot < 0 {
            let added = bets.insert(order.id, hash: hash, value: state, use: use)
            if added.isForgetting { evictions += 1 }
            slot = added.slot
        } else {
            bets[slot] = state
            bets.used(slot, at: use)
        }
        if known?.runner != state.runner { identity().withUnsafeBytes { bets.setExtra(slot, $0) } }
        guard known?.runner != state.runner || known?.terms != terms else { return false }
        body(bets.extra(slot))
        return true
    }

    // MARK: Images

    /// Everything there is of a market or a runner is in the message that began at `start`.
    mutating func imageOf(_ hash: UInt64, since start: Position) { images[hash] = start }

    /// The entry is over: what its images left out is too. Once an entry, because it looks at every bet. Returns how many.
    mutating func endImages() -> Int {
        guard !images.isEmpty else { return 0 }
        let whole = images
        images = [:]
        return end { bet in
            [bet.market, bet.runner].contains { hash in whole[hash].map { bet.seen < $0 } ?? false }
        }
    }

    /// The snapshot that began at `start` is complete: what it left out is over. Returns how many bets.
    mutating func endUnseen(since start: Position) -> Int { end { $0.seen < start } }

    /// Nothing is told of such a bet: how it ended is not known.
    private mutating func end(_ isGone: (BetState) -> Bool) -> Int {
        var count = 0
        for slot in 0..<bets.count where !bets[slot].isOver && isGone(bets[slot]) {
            bets[slot].isOver = true
            count += 1
        }
        return count
    }

    // MARK: Checkpoint

    func save(to writer: inout CheckpointWriter) { bets.save(to: &writer) { $0.save(to: &$1) } }

    /// What `save` wrote, into an empty table.
    mutating func restore(from reader: inout CheckpointReader) throws(CheckpointError) {
        try bets.restore(from: &reader) { (reader) throws(CheckpointError) in try BetState(from: &reader) }
    }
}
