import FeedModel

/// What Redis said of the pipeline at one moment.
struct PipelineSample: Sendable {
    struct Group: Sendable, Equatable {
        let name: String
        /// Entries not delivered yet; nil when Redis cannot tell.
        let lag: Int?
        /// When the first of them was received.
        let waitingSince: Timestamp?
        let pending: Int
        let consumers: Int
        let lastDelivered: FrameNumber
    }

    struct Stream: Sendable, Equatable {
        let name: String
        let length: Int
        let added: Int
        let last: FrameNumber
        let groups: [Group]
    }

    struct Feed: Sendable, Equatable {
        var streams: [Stream] = []
        var feedOwner: String?
        var processorOwner: String?

        subscript(name: String) -> Stream? { streams.first { $0.name == name } }
    }

    let at: Moment
    var memoryUsed = 0
    /// 0 is none.
    var memoryLimit = 0
    /// In the order of the configuration.
    var feeds: [Feed] = []
}

/// How fast a feed moves through the stages: the difference of two samples. Nil is what cannot be told.
struct PipelineRates: Sendable, Equatable {
    var frames: Double?
    var processed: Double?
    var written: Double?
    var letters: Double?

    init(from old: PipelineSample?, to new: PipelineSample, feed: Int) {
        guard let old, old.feeds.indices.contains(feed), new.at.monotonic > old.at.monotonic else { return }
        let seconds = Double((new.at.monotonic - old.at.monotonic).microseconds) / 1_000_000
        let (before, after) = (old.feeds[feed], new.feeds[feed])
        func rate(_ number: (PipelineSample.Feed) -> Int64?) -> Double? {
            guard let from = number(before), let to = number(after) else { return nil }
            // A new term skips at least 2²⁰ numbers, and a Redis that has lost something goes back.
            guard (0..<1 << 20).contains(to - from) else { return nil }
            return Double(to - from) / seconds
        }
        frames = rate { $0["raw"]?.last }
        processed = rate { $0["events"]?.last }
        written = rate { $0["events"]?.groups.first { $0.name == "writer" }?.lastDelivered }
        letters = rate { $0["dead"].map { Int64($0.added) } }
    }
}
