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

    func send(_ feeds: [FeedConfiguration]) {
        toFeedClient.yield(feeds)
        toProcessor.yield(feeds.map(ProcessedFeed.init))
        toWriter.yield(feeds.map(WriterFeed.init))
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
