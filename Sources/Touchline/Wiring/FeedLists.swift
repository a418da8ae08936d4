import FeedClient
import Processor
import Writer

/// Carries a changed list of feeds to the stages, to each in its own words.
struct FeedLists: Sendable {
    let configured: AsyncStream<[FeedConfiguration]>
    let processed: AsyncStream<[ProcessedFeed]>
    let written: AsyncStream<[WriterFeed]>
    private let toFeedClient: AsyncStream<[FeedConfiguration]>.Continuation
    private let toProcessor: AsyncStream<[ProcessedFeed]>.Continuation
    private let toWriter: AsyncStream<[WriterFeed]>.Continuation

    /// Only the newest list counts.
    init() {
        (configured, toFeedClient) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (processed, toProcessor) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (written, toWriter) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// - Parameter former: feeds that were served before and are not any more: what they left in Redis still has to come through.
    func send(_ feeds: [FeedConfiguration], former: [FeedConfiguration]) {
        toFeedClient.yield(feeds)
        toProcessor.yield((feeds + former).map(ProcessedFeed.init))
        toWriter.yield((feeds + former).map(WriterFeed.init))
    }
}

extension ProcessedFeed {
    init(_ feed: FeedConfiguration) {
        self.init(name: feed.name, provider: feed.provider, clockSlack: feed.clockSlack)
    }
}

extension WriterFeed {
    init(_ feed: FeedConfiguration) { self.init(name: feed.name, provider: feed.provider) }
}
