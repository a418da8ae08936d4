import FeedModel

/// What Redis said of one feed at one moment: what rates and lags are computed from.
struct FeedSample: Sendable, Equatable {
    struct Stream: Sendable, Equatable {
        let name: String
        let length: Int
        /// Entries ever added, trimmed ones included.
        let added: Int
        /// The last entry ever added: where the stream stands.
        let last: FrameNumber
        let groups: [Group]
    }

    struct Group: Sendable, Equatable {
        let name: String
        let pending: Int
        /// Entries not yet delivered; nil when Redis cannot tell.
        let lag: Int?
        let consumers: Int
        let lastDelivered: FrameNumber
        /// The lowest entry that was delivered and not acknowledged.
        var oldestPending: FrameNumber?
        /// When what is still to be delivered, and what is pending, was received.
        var waitingSince: Timestamp?
        var oldestPendingSince: Timestamp?

        /// Everything up to here is done.
        var done: FrameNumber { oldestPending.map { $0 - 1 } ?? lastDelivered }
    }

    let feed: FeedName
    /// By a clock that does not jump.
    let instant: ContinuousClock.Instant
    let time: Timestamp
    var state = StateStory.neverStarted
    /// What the session said when it entered its state.
    var stateWhy: String?
    var lastReceivedAt: Timestamp?
    var feedOwner: String?
    var processorOwner: String?
    var streams: [Stream] = []
    /// Events in the entries that came since the sample before; nil if there was none, or Redis lost them.
    var eventsSince: Double?

    subscript(name: String) -> Stream? { streams.first { $0.name == name } }

    func group(_ name: String, of stream: String) -> Group? { self[stream]?.groups.first { $0.name == name } }
}
