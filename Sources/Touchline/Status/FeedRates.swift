import FeedModel

/// How fast a feed moves through the stages: the difference of two samples. Nil is what cannot be told.
struct FeedRates: Sendable, Equatable, Encodable {
    /// Frames a second from the provider into `raw`.
    var framesPerSecond: Double?
    /// Frames a second that the Processor took from `raw`, and the events a second that came of them.
    var processedFramesPerSecond: Double?
    var eventsPerSecond: Double?
    /// Frames a second that the Writers took from `events`, and that they have committed.
    var takenFramesPerSecond: Double?
    var writtenFramesPerSecond: Double?
    var lettersPerSecond: Double?

    static let unknown = FeedRates()

    /// - Parameter old: an earlier sample of the same feed.
    static func between(_ old: FeedSample?, _ new: FeedSample) -> FeedRates {
        guard let old, new.instant > old.instant else { return .unknown }
        let seconds = (new.instant - old.instant).seconds
        func frames(_ number: (FeedSample) -> FrameNumber?) -> Double? {
            guard let from = number(old), let to = number(new) else { return nil }
            return moved(from: from, to: to).map { Double($0) / seconds }
        }
        func added(_ stream: String) -> Double? {
            guard let from = old[stream]?.added, let to = new[stream]?.added, to >= from else { return nil }
            return Double(to - from) / seconds
        }
        return FeedRates(
            framesPerSecond: frames { $0["raw"]?.last },
            processedFramesPerSecond: frames { $0["events"]?.last },
            eventsPerSecond: new.eventsSince.map { $0 / seconds },
            takenFramesPerSecond: frames { $0.group(ConsumerGroup.writer, of: "events")?.lastDelivered },
            writtenFramesPerSecond: frames { $0.group(ConsumerGroup.writer, of: "events")?.done },
            lettersPerSecond: added("dead"))
    }

    /// Frames between two numbers of a term. Nil when the feed went back, as after a loss, or began a new term: that
    /// skips at least 2²⁰ numbers, which no second of a feed has.
    private static func moved(from: FrameNumber, to: FrameNumber) -> FrameNumber? {
        let frames = to - from
        return (0..<1 << 20).contains(frames) ? frames : nil
    }
}
