import FeedModel
import Testing

@testable import Touchline

/// A feed's samples, made by hand.
struct Samples {
    static let start = ContinuousClock.now
    static let time = Timestamp(milliseconds: 1_772_893_800_000)

    /// What is different from sample to sample.
    struct Progress {
        var seconds = 0.0
        var raw: FrameNumber = 1_000
        var processed: FrameNumber = 1_000
        var taken: FrameNumber = 1_000
        var oldestPending: FrameNumber?
        var letters = 0
        var events: Double?
    }

    static func sample(_ progress: Progress) throws -> FeedSample {
        let name = try #require(FeedName("book-a"))
        var sample = FeedSample(
            feed: name, instant: start + .milliseconds(Int(progress.seconds * 1_000)),
            time: time + .milliseconds(Int(progress.seconds * 1_000)))
        sample.streams = [
            .init(
                name: "raw", length: 10, added: 10, last: progress.raw,
                groups: [.init(name: "processor", pending: 0, lag: 0, consumers: 1, lastDelivered: progress.processed)]
            ),
            .init(
                name: "events", length: 10, added: 10, last: progress.processed,
                groups: [
                    .init(
                        name: "writer", pending: progress.oldestPending == nil ? 0 : 5, lag: 3, consumers: 2,
                        lastDelivered: progress.taken, oldestPending: progress.oldestPending,
                        waitingSince: time - .milliseconds(1_500), oldestPendingSince: nil)
                ]),
            .init(name: "dead", length: 1, added: progress.letters, last: 0, groups: []),
        ]
        sample.eventsSince = progress.events
        return sample
    }
}

@Suite struct FeedRatesTests {
    @Test func `rates are differences over time`() throws {
        let old = try Samples.sample(.init())
        let new = try Samples.sample(
            .init(
                seconds: 2, raw: 1_400, processed: 1_300, taken: 1_200, oldestPending: 1_101, letters: 3, events: 900))
        let rates = FeedRates.between(old, new)
        #expect(rates.framesPerSecond == 200 && rates.processedFramesPerSecond == 150)
        #expect(rates.eventsPerSecond == 450 && rates.lettersPerSecond == 1.5)
        #expect(rates.takenFramesPerSecond == 100)
        #expect(rates.writtenFramesPerSecond == 50, "what is pending is not written")
    }

    @Test func `what stands still is 0 and not unknown`() throws {
        let new = try Samples.sample(.init(seconds: 1, events: 0))
        let rates = FeedRates.between(try Samples.sample(.init()), new)
        #expect(rates.framesPerSecond == 0 && rates.eventsPerSecond == 0 && rates.lettersPerSecond == 0)
    }

    @Test func `without two samples nothing is known`() throws {
        let sample = try Samples.sample(.init(seconds: 1))
        #expect(FeedRates.between(nil, sample) == .unknown)
        #expect(FeedRates.between(sample, sample) == .unknown, "no time has passed")
        var empty = sample
        empty.streams = []
        #expect(FeedRates.between(empty, try Samples.sample(.init(seconds: 2))) == .unknown)
    }

    @Test func `a new term and a loss are no rate`() throws {
        let old = try Samples.sample(.init(raw: 1_000, letters: 5))
        let term = try Samples.sample(.init(seconds: 1, raw: 1_000 + 1 << 20, letters: 4))
        #expect(FeedRates.between(old, term).framesPerSecond == nil, "numbers were skipped")
        #expect(FeedRates.between(old, term).lettersPerSecond == nil, "the stream was lost")
        let back = try Samples.sample(.init(seconds: 1, raw: 900))
        #expect(FeedRates.between(old, back).framesPerSecond == nil)
    }
}

@Suite struct StateStoryTests {
    private func told(_ events: [ControlEvent?], before: (String, String?)? = nil) -> [String?] {
        var story = StateStory()
        for event in events { story.tell(event) }
        story.end(before.map { (state: $0.0, why: $0.1) }, hasEntries: !events.isEmpty)
        return [story.state, story.why]
    }

    private let backoff = ControlEvent.stateChanged(state: .backoff, why: "refused")

    @Test func `the newest change counts`() {
        #expect(told([nil, backoff, .stateChanged(state: .live, why: "welcome")]) == ["backoff", "refused"])
    }

    @Test func `a keepalive has the reason of the change before it`() {
        #expect(told([.keepalive(state: .backoff), nil, backoff]) == ["backoff", "refused"])
        #expect(told([.keepalive(state: .stale), backoff]) == ["stale", nil], "another state's reason is not its own")
        #expect(told([.keepalive(state: .stale)]) == ["stale", nil])
    }

    @Test func `what was known before holds until something else is said`() {
        #expect(told([], before: ("backoff", "refused")) == ["backoff", "refused"])
        #expect(told([nil], before: ("backoff", "refused")) == ["backoff", "refused"])
        #expect(told([.keepalive(state: .backoff)], before: ("backoff", "refused")) == ["backoff", "refused"])
        #expect(told([.keepalive(state: .live)], before: ("backoff", "refused")) == ["live", nil])
    }

    @Test func `prices without a word are live, and nothing is nothing`() {
        #expect(told([nil]) == ["live", nil])
        #expect(told([]) == [nil, nil])
        #expect(told([nil], before: (StateStory.neverStarted, nil)) == ["live", nil])
    }
}
