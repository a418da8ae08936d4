import FeedModel
import Synchronization

/// What a feed's entries did since the last look: for the metrics, and for the event loops.
struct BookChanges: Sendable {
    var entries = 0
    private(set) var changed = 0
    private(set) var unchanged = 0
    private(set) var outdated = 0
    private(set) var unknown = 0
    private(set) var collisions = 0
    /// Bets: they are never broadcast.
    var notBroadcast = 0
    /// Lanes that are new, or whose filters have to be matched again. In order, may repeat.
    private(set) var described: [Lane] = []
    private(set) var vanished: [(lane: Lane, frame: FrameNumber)] = []
    /// What clients have of the feed is not to be trusted.
    var isForked = false
    /// Lanes with changes that a conflation class has not let out yet.
    var holdingBack: [Lane] = []

    mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .changed: changed += 1
        case .unchanged: unchanged += 1
        case .outdated: outdated += 1
        case .unknown: unknown += 1
        case .collision: collisions += 1
        case .housekeeping: break
        }
    }

    mutating func describe(_ lane: Lane) {
        if described.last !== lane { described.append(lane) }
    }

    mutating func vanish(_ lane: Lane, frame: FrameNumber) {
        described.removeAll { $0 === lane }
        vanished.append((lane, frame))
    }
}

/// Gives every lane of the process a number of its own.
final class LaneNumbers: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
