import FeedModel

/// One reading of both clocks. Passed in, so that everything that depends on time can be tested without waiting.
struct Moment: Sendable {
    /// Time since some fixed point; never goes back.
    var monotonic: Duration
    /// Time of day; may jump.
    var wall: Timestamp
}

/// Reads both clocks.
struct StageClock: Sendable {
    private let start = ContinuousClock.now

    var now: Moment { Moment(monotonic: ContinuousClock.now - start, wall: WallClock.now) }
}
