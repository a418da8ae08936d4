import FeedModel

/// One way in which someone on this instance watches a lane: a projection in a conflation class.
struct ProjectionSlot: Sendable {
    /// Unique within the lane and never reused, so that a frame in flight cannot reach the wrong audience.
    let id: Int
    let projection: Projection
    let conflation: ConflationClass
    /// Audiences that use it, over all event loops.
    var users = 1
    /// `seq` of the last delta that the projection showed, whether anybody was there to see it or not.
    var lastSeq: FrameNumber
    /// By index of the lane's markets.
    var allowsMarket: [Bool]
    /// What has not been sent yet; only in a class that merges.
    var pending = PendingChanges()
    /// When the last merged delta went out, by the monotonic clock.
    var lastEmission: Duration?

    func allows(_ market: Int) -> Bool { allowsMarket[market] }

    /// Whether the class lets a change go out now.
    func isDue(at now: Duration) -> Bool {
        guard let lastEmission else { return true }
        return now - lastEmission >= conflation.interval
    }
}

/// Changes of several frames, merged: which fields of which rows, not their values, which are read when it is sent.
struct PendingChanges: Sendable {
    var masks: [UInt64: FieldMask] = [:]
    var isFixtureTouched = false
    /// How many frames are merged.
    var frameCount = 0
    /// The first of them: who resumes must come from before it.
    var firstFrame: FrameNumber = 0

    var isEmpty: Bool { frameCount == 0 }

    mutating func removeAll() {
        masks.removeAll(keepingCapacity: true)
        isFixtureTouched = false
        frameCount = 0
    }
}

/// What a projection's user gets of a lane.
struct Attachment: Sendable {
    let slot: Int
    /// The one asked for, or the unfiltered one when the lane has too many.
    let projection: Projection
}
