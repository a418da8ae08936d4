import FeedModel

/// Applies entries to the feeds' books and collects, turn by turn, what the event loops are to be given.
///
/// Pure: the reader gives it payloads and the time, and takes batches.
struct Distributor: Sendable {
    private(set) var books: [FeedBook]
    private var progress: [FeedProgress]
    private var encoding = FrameEncoding()
    private var reloaded: [Int] = []
    /// Why a feed is not read any more; it stays down until the process is upgraded.
    private var stopped: [Int: String] = [:]
    /// Lanes with changes that a conflation class has not let out yet.
    private var holdingBack: [Int: Lane] = [:]
    private var lag = Duration.zero
    /// When the first entry of the turn was received.
    private var oldest: Timestamp?
    private let metrics: BroadcasterMetrics

    init(feeds: [FeedName], numbers: LaneNumbers, metrics: BroadcasterMetrics) {
        books = feeds.enumerated().map { FeedBook(name: $1, index: $0, numbers: numbers) }
        progress = feeds.map { _ in FeedProgress() }
        self.metrics = metrics
    }

    var laneCount: Int { books.reduce(0) { $0 + $1.lanes.count } }

    func isStopped(_ feed: Int) -> Bool { stopped[feed] != nil }

    /// How old a feed's last entry is, by the wall clock; nil before the first one.
    func lag(of feed: Int, at now: Moment) -> Duration? {
        books[feed].freshness.lastReceivedAt.map { now.wall.since($0) }
    }

    // MARK: Input

    /// Applies one entry. Anything but `.continues` and `.first` means that it was not applied: the feed must be reloaded.
    mutating func apply(
        _ payload: [UInt8], feed: Int, isWatched: Bool, at now: Moment
    ) throws -> EntryChain.Link {
        encoding.now = now
        let link = try books[feed].apply(payload, acceptingHoles: false, isWatched: isWatched, &encoding)
        if let receivedAt = books[feed].freshness.lastReceivedAt {
            lag = now.wall.since(receivedAt)
            oldest = min(oldest ?? receivedAt, receivedAt)
        }
        return link
    }

    /// Takes over a feed's state that was built anew; clients will begin again.
    mutating func replace(_ book: FeedBook) {
        books[book.index] = book
        reloaded.append(book.index)
        holdingBack = holdingBack.filter { $0.value.feed != book.index }
    }

    /// Something is missing between the stream and this instance.
    mutating func markLost(_ feed: Int, _ why: String) { books[feed].freshness.lost(why) }

    /// The feed holds an entry that this build cannot read.
    mutating func stop(_ feed: Int, _ why: String) { stopped[feed] = why }

    // MARK: Output

    /// What happened since the last turn.
    mutating func takeBatch(_ reach: ReadingReach, at now: Moment) -> FanOutBatch {
        encoding.now = now
        var batch = FanOutBatch()
        batch.now = now
        batch.reach = reach
        batch.lag = lag
        batch.oldest = oldest
        oldest = nil
        batch.reloaded = reloaded
        reloaded.removeAll()
        for index in books.indices { collect(index, into: &batch) }
        flushHeldBack()
        let (frames, merged) = encoding.take()
        batch.frames = frames
        metrics.emitted(frames.count, merged: merged)
        for index in books.indices where update(index, at: now) { batch.announced.append(index) }
        batch.feeds = progress
        return batch
    }

    /// Lets out what is due, and notes how far each feed's classes have come.
    private mutating func flushHeldBack() {
        var held = [HeldFrames](repeating: HeldFrames(), count: progress.count)
        for (id, lane) in holdingBack
        where !lane.withState({ $0.flush(&encoding, noting: &held[lane.feed]) }) {
            holdingBack[id] = nil
        }
        for index in progress.indices { progress[index].held = held[index] }
    }

    private mutating func collect(_ index: Int, into batch: inout FanOutBatch) {
        let changes = books[index].takeChanges()
        metrics.count(changes)
        if changes.isForked { batch.forked.append(index) }
        for lane in changes.described {
            batch.described.append(.init(lane: lane, facts: lane.withState { $0.facts }))
        }
        for (lane, frame) in changes.vanished {
            batch.vanished.append(.init(lane: lane, frame: frame))
            holdingBack[lane.id] = nil
        }
        for lane in changes.holdingBack where books[index].lanes[lane.fixtureID] === lane {
            holdingBack[lane.id] = lane
        }
    }

    /// Brings a feed's progress up to date; true if clients must hear of it.
    private mutating func update(_ index: Int, at now: Moment) -> Bool {
        let freshness = books[index].freshness
        var condition = freshness.condition(at: now)
        if let why = stopped[index] { condition = FeedCondition(status: .down, why: why) }
        progress[index].frame = books[index].chain.last
        progress[index].history = books[index].history
        progress[index].lastEntryAt = freshness.age(at: now).map { now.monotonic - $0 }
        let isGapNew = freshness.gap != nil && freshness.gap != progress[index].gap
        progress[index].gap = freshness.gap
        guard condition != progress[index].condition || isGapNew else { return false }
        if condition.status != progress[index].condition.status { progress[index].since = now.wall }
        progress[index].condition = condition
        return true
    }
}
