import FeedModel
import Metrics
import RedisStreams

/// What the Processor counts for one feed; updated per batch.
struct ProcessorMetrics: Sendable {
    let receivedEntries: Counter
    let receivedFrames: Counter
    let emittedEvents: Counter
    let batchEntries: Recorder
    let batchSeconds: Timer
    /// Received at the socket → forwarded, of the batch's oldest entry.
    let ageSeconds: Timer
    /// Entries that Redis no longer had although nobody acknowledged them.
    let lostEntries: Counter
    let unchanged: Counter
    let rounded: Counter
    let skipped: Counter
    private let letters: [Counter]
    private let errors: [Failure: Counter]

    /// What interrupted the processing, as the label `kind`.
    enum Failure: String, CaseIterable {
        /// Redis did not answer, or refused.
        case redis
        /// `events` did not end with what was expected: everything is looked at again.
        case surprised
        /// An entry could not be read.
        case unreadable
        /// Another process owns the feed's processing, or the feed cannot be processed.
        case interrupted

        init(_ error: any Error) {
            self =
                switch error {
                case ProcessorError.surprised: .surprised
                case ProcessorError.unreadable: .unreadable
                case is RedisError: .redis
                default: .interrupted
                }
        }
    }

    init(feed: FeedName) {
        let labels = [("feed", feed.text)]
        receivedEntries = Counter(label: "touchline_processor_received_entries_total", dimensions: labels)
        receivedFrames = Counter(label: "touchline_processor_received_frames_total", dimensions: labels)
        emittedEvents = Counter(label: "touchline_processor_emitted_events_total", dimensions: labels)
        batchEntries = Recorder(label: "touchline_processor_batch_entries", dimensions: labels, aggregate: true)
        batchSeconds = Timer(label: "touchline_processor_batch_seconds", dimensions: labels)
        ageSeconds = Timer(label: "touchline_processor_age_seconds", dimensions: labels)
        lostEntries = Counter(label: "touchline_processor_lost_entries_total", dimensions: labels)
        unchanged = Counter(label: "touchline_processor_unchanged_total", dimensions: labels)
        rounded = Counter(label: "touchline_processor_rounded_total", dimensions: labels)
        skipped = Counter(label: "touchline_processor_dropped_total", dimensions: labels + [("reason", "old")])
        letters = DeadLetterReason.allCases.map { reason in
            Counter(
                label: "touchline_dead_letters_total",
                dimensions: labels + [("stage", "processor"), ("reason", reason.name)])
        }
        // All of them at once: a series that appears with a 1 shows no increase.
        let failures = Failure.allCases.map { kind in
            let dimensions = labels + [("kind", kind.rawValue)]
            return (kind, Counter(label: "touchline_processor_errors_total", dimensions: dimensions))
        }
        errors = Dictionary(uniqueKeysWithValues: failures)
    }

    func failed(_ error: any Error) { errors[Failure(error)]?.increment() }

    func count(_ counters: DecodeCounters) {
        emittedEvents.increment(by: counters.odds + counters.fixtures + counters.settlements + counters.bets)
        unchanged.increment(by: counters.unchanged)
        rounded.increment(by: counters.rounded)
        skipped.increment(by: counters.skipped)
        for (reason, counter) in zip(DeadLetterReason.allCases, letters) {
            counter.increment(by: counters.letters(reason))
        }
    }
}
