import FeedModel
import Telemetry

/// Where a feed stands, as far as the event loops need to know.
struct FeedProgress: Sendable {
    /// The last frame applied; nil before the first entry.
    var frame: FrameNumber?
    /// What conflation classes still hold back of the frames up to there.
    var held = HeldFrames()
    var history = FeedHistory()
    var condition = FeedCondition(status: .down, why: "nothing was received yet")
    /// When the condition began.
    var since = Timestamp(microseconds: 0)
    var gap: ControlEvent.Gap?
    /// When the last entry was applied, by the monotonic clock.
    var lastEntryAt: Duration?
}

/// How far one turn of the reader came with each feed.
struct ReadingReach: Sendable, Equatable {
    /// By index of the feed: everything that its stream held is applied, or what is not is so young that a client need not
    /// know; or it is being loaded, and clients know that it is not up. Empty when nothing could be read.
    var isCurrent: [Bool] = []
    /// Every feed is loaded, and was current once: subscribers may be let in.
    var hasCaughtUp = false

    /// Nothing was read.
    static let none = ReadingReach()

    /// Everything was read.
    static func everything(feeds: Int) -> ReadingReach {
        ReadingReach(isCurrent: Array(repeating: true, count: feeds), hasCaughtUp: true)
    }
}

/// What one turn of the reader hands to every event loop, the same array for all of them.
struct FanOutBatch: Sendable {
    struct Description: Sendable {
        let lane: Lane
        let facts: LaneFacts
    }

    struct Vanished: Sendable {
        let lane: Lane
        let frame: FrameNumber
    }

    /// Feeds whose state was built anew: nothing that clients have of them is to be relied on.
    var reloaded: [Int] = []
    /// Feeds whose log may have lost what clients were shown: they begin again.
    var forked: [Int] = []
    /// Lanes that are new, or that filters have to be matched against again.
    var described: [Description] = []
    var vanished: [Vanished] = []
    var frames: [LaneFrame] = []
    /// By index of the feed.
    var feeds: [FeedProgress] = []
    /// Feeds whose condition clients must hear of.
    var announced: [Int] = []
    /// How far the feeds were read: heartbeats depend on it.
    var reach = ReadingReach.none
    /// Received → applied, of the last entry.
    var lag: Duration = .zero
    /// When the first of the turn's entries was received; nil if it has none.
    var oldest: Timestamp?
    /// Nil if none of the entries is sampled.
    var traced: TracedEntries?
    var now = Moment(monotonic: .zero, wall: Timestamp(microseconds: 0))
}

/// The sampled entries of a batch.
struct TracedEntries: Sendable {
    var contexts: [TraceContext] = []
    /// When the first entry of the batch was about to be applied, by the monotonic clock.
    let began: Duration
    /// Of the batch, sampled or not.
    var entries = 0
}
