import FeedModel

/// For each conflation class the oldest frame whose changes it has not let out yet: a cursor must not claim them.
struct HeldFrames: Sendable, Equatable {
    private var oldest: [ConflationClass: FrameNumber] = [:]

    mutating func note(_ frame: FrameNumber, in conflation: ConflationClass) {
        oldest[conflation] = min(oldest[conflation] ?? frame, frame)
    }

    /// How far a class has been given everything, when the feed has come to `frame`.
    func reached(_ frame: FrameNumber, in conflation: ConflationClass) -> FrameNumber {
        oldest[conflation].map { min(frame, $0 - 1) } ?? frame
    }
}
