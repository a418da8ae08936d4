import FeedModel

/// What of a feed's past this instance can still answer for: it decides which cursors may be resumed from.
struct FeedHistory: Sendable, Equatable {
    /// A term that began while this instance could not watch Redis: Redis may have lost what some instance had shown, so
    /// nothing that a client has from before it is to be trusted.
    struct Fork: Sendable, Equatable {
        /// The last frame before it, as the log has it now.
        let after: FrameNumber
        /// The term's first frame.
        let before: FrameNumber
    }

    /// A lane that was forgotten as a whole.
    struct GoneLane: Sendable, Equatable {
        let fixtureID: String
        let frame: FrameNumber
        let at: Timestamp
    }

    /// Why a cursor cannot be resumed from.
    enum Refusal: String, Sendable {
        case logRestarted = "log_restarted"
        case windowExceeded = "window_exceeded"
    }

    /// Removals up to this frame are forgotten.
    private(set) var horizon: FrameNumber = .max
    private(set) var forks: [Fork] = []
    private(set) var gone: [GoneLane] = []
    /// Where the feed stood when old removals were last forgotten; oldest first.
    private(set) var marks: [Mark] = []

    /// Where the feed stood at some time.
    struct Mark: Sendable, Equatable {
        let frame: FrameNumber
        let at: Timestamp
    }

    private static let maximumForks = 64

    init() {}

    init(horizon: FrameNumber, marks: [Mark], forks: [Fork], gone: [GoneLane]) {
        self.horizon = horizon
        self.marks = marks
        self.forks = forks
        self.gone = gone
    }

    /// Nothing before `frame` is known.
    mutating func begin(at frame: FrameNumber) {
        horizon = frame
        marks.removeAll()
    }

    mutating func forked(after: FrameNumber, at first: FrameNumber) {
        forks.append(Fork(after: after, before: first))
        if forks.count > Self.maximumForks { forks.removeFirst() }
    }

    mutating func laneGone(_ fixtureID: String, frame: FrameNumber, at time: Timestamp) {
        gone.append(GoneLane(fixtureID: fixtureID, frame: frame, at: time))
    }

    /// Tombstones older than `LaneState.retention` have been dropped at `time`, when `last` was the last frame applied.
    mutating func swept(at time: Timestamp, last: FrameNumber) {
        let limit = time - LaneState.retention
        marks.append(Mark(frame: last, at: time))
        while let oldest = marks.first, oldest.at < limit {
            marks.removeFirst()
            horizon = max(horizon, marks.first?.frame ?? last)
        }
        if let oldest = gone.first, oldest.at < limit { gone.removeAll { $0.at < limit } }
    }

    /// Why nobody can resume from `frame`, or nil if they can. A frame that this instance has not reached yet is fine: what
    /// the client has already seen, it will drop.
    func refusal(of frame: FrameNumber) -> Refusal? {
        // The client has seen nothing of the feed: there is nothing to take back.
        if frame == 0 { return nil }
        if forks.contains(where: { frame < $0.before }) { return .logRestarted }
        return frame < horizon ? .windowExceeded : nil
    }
}
