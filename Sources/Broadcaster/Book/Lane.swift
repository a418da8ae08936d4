import FeedModel
import NIOCore
import Synchronization

/// A fixture of a feed: what filters select, and the unit that is encoded once.
///
/// The reader changes it, event loops render snapshots from it: its state is behind a lock that is held for one event, one
/// frame or one rendering.
final class Lane: Sendable {
    /// Unique in this process and never reused.
    let id: Int
    /// Index of the feed in the configuration.
    let feed: Int
    let fixtureID: String
    /// `<feed>|<fixture>`, what subscribers call it.
    let name: String
    private let state: Mutex<LaneState>

    init(id: Int, feed: Int, feedName: FeedName, fixtureID: String, frame: FrameNumber) {
        self.id = id
        self.feed = feed
        self.fixtureID = fixtureID
        name = "\(feedName)|\(fixtureID)"
        state = Mutex(LaneState(lane: id, feed: feed, fixtureID: fixtureID, name: name, frame: frame))
    }

    init(id: Int, feed: Int, feedName: FeedName, restoring saved: SavedLane) {
        self.id = id
        self.feed = feed
        fixtureID = saved.fixtureID
        name = "\(feedName)|\(saved.fixtureID)"
        state = Mutex(LaneState(lane: id, feed: feed, name: name, restoring: saved))
    }

    func withState<Result: Sendable>(_ body: (inout LaneState) -> Result) -> Result {
        state.withLock { body(&$0) }
    }
}

/// One encoded change of a lane, framed for the wire and shared by everyone who sees it.
struct LaneFrame: Sendable {
    let lane: Int
    /// Which of the lane's projections and classes it is for.
    let slot: Int
    let buffer: ByteBuffer
}
