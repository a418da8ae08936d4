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
    /// What the disk may take at most.
    private let spoolLimit: Gauge
    private let reconnects: [ReconnectCause: Counter]
    private let gaps: [GapKind: Counter]
    private let errors: [Failure: Counter]
    private let feed: FeedName

    /// What interrupted the feed on our side, as the label `kind`.
    enum Failure: String, CaseIterable {
        /// Redis did not answer, or refused.
        case redis
        /// Another process owns the feed.
        case ownership
        /// Redis no longer has what the next entry must follow.
        case continuity
        /// The log, the provider or the credentials cannot be used.
        case unusable

        init(_ error: FeedClientError) {
            self =
                switch error {
                case .ownershipLost: .ownership
                case .continuityLost: .continuity
                default: .unusable
                }
        }
    }

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
        spoolLimit = Gauge(label: "touchline_feed_spool_limit_bytes", dimensions: labels)
        lastMessageAge = Gauge(label: "touchline_feed_last_message_age_seconds", dimensions: labels)
        func counters<Key: Hashable & CaseIterable>(_ what: String, _ label: String, _ text: (Key) -> String)
            -> [Key: Counter]
        {
            // All of them at once: a series that appears with a 1 shows no increase.
            let pairs = Key.allCases.map { key in
                (
                    key,
                    Counter(label: "touchline_feed_\(what)_total", dimensions: labels + [(label, text(key))])
                )
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        reconnects = counters("reconnects", "cause", \.rawValue)
        gaps = counters("gaps", "kind", \.name)
        errors = counters("errors", "kind", \.rawValue)
    }

    func reconnected(_ cause: ReconnectCause) { reconnects[cause]?.increment() }

    func gapOpened(_ kind: GapKind) { gaps[kind]?.increment() }

    func failed(_ kind: Failure) { errors[kind]?.increment() }

    /// This process serves the feed from here on.
    func owned(spoolLimit bytes: Int?) {
        spoolLimit.record(bytes ?? 0)
        spoolBytes.record(0)
    }

    /// Another process may serve the feed: what this one last knew of it must not look current.
    func disowned() {
        for gauge in [state, lastMessageAge, spoolBytes, spoolLimit] { gauge.record(Double.nan) }
    }

    // MARK: What runs out

    /// A certificate of the feed's connections, as the label `certificate`.
    enum CertificateOwner: String {
        case client, server
    }

    /// - Parameter time: seconds since 1970. Feeds without such a certificate have no such series.
    func expires(_ owner: CertificateOwner, at time: Int64) {
        Gauge(
            label: "touchline_feed_certificate_expiry_timestamp_seconds",
            dimensions: [("feed", feed.text), ("certificate", owner.rawValue)]
        ).record(time)
    }

    /// The same for a token that says so.
    func tokenExpires(at time: Int64) {
        Gauge(label: "touchline_feed_token_expiry_timestamp_seconds", dimensions: [("feed", feed.text)]).record(time)
    }
}
