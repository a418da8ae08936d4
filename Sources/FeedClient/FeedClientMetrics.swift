import FeedModel
import Metrics

/// What the FeedClient counts for one feed; updated per batch.
struct FeedClientMetrics: Sendable {
    /// Frames and bytes that the socket delivered.
    let receivedFrames: Counter
    let receivedBytes: Counter
    /// Frames that Redis confirmed, and the entries that carried them.
    let emittedFrames: Counter
    let emittedEntries: Counter
    /// Frames that were already in the stream.
    let droppedDuplicates: Counter
    /// Socket → Redis confirmed, per batch.
    let appendSeconds: Timer
    /// Frames per batch.
    let batchFrames: Recorder
    /// The session's state as `SessionState`'s number.
    let state: Gauge
    let lastMessageAge: Gauge
    /// What waits on the disk for Redis, and what has ever been put there.
    let spoolBytes: Gauge
    let droppedBySpool: Counter
    let spooledFrames: Counter
    private let feed: FeedName

    init(feed: FeedName) {
        self.feed = feed
        let labels = [("feed", feed.text)]
        receivedFrames = Counter(label: "touchline_feed_received_frames_total", dimensions: labels)
        receivedBytes = Counter(label: "touchline_feed_received_bytes_total", dimensions: labels)
        emittedFrames = Counter(label: "touchline_feed_emitted_frames_total", dimensions: labels)
        emittedEntries = Counter(label: "touchline_feed_emitted_entries_total", dimensions: labels)
        droppedDuplicates = Counter(
            label: "touchline_feed_dropped_total", dimensions: labels + [("reason", "duplicate")])
        appendSeconds = Timer(label: "touchline_feed_append_seconds", dimensions: labels)
        batchFrames = Recorder(label: "touchline_feed_batch_frames", dimensions: labels, aggregate: true)
        state = Gauge(label: "touchline_feed_state", dimensions: labels)
        spoolBytes = Gauge(label: "touchline_feed_spool_bytes", dimensions: labels)
        droppedBySpool = Counter(
            label: "touchline_feed_dropped_total", dimensions: labels + [("reason", "spool_full")])
        spooledFrames = Counter(label: "touchline_feed_spooled_frames_total", dimensions: labels)
        lastMessageAge = Gauge(label: "touchline_feed_last_message_age_seconds", dimensions: labels)
    }

    func reconnected(_ cause: ReconnectCause) {
        Counter(label: "touchline_feed_reconnects_total", dimensions: [("feed", feed.text), ("cause", cause.rawValue)])
            .increment()
    }

    func gapOpened(_ kind: GapKind) {
        Counter(label: "touchline_feed_gaps_total", dimensions: [("feed", feed.text), ("kind", kind.name)]).increment()
    }
}
