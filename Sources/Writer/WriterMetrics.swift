import FeedModel
import Metrics
import RedisStreams

/// What the Writer counts; updated per batch.
struct WriterMetrics: Sendable {
    /// Entries taken from `events`, and those that a consumer had been given before.
    private let receivedEntries = Counter(label: "touchline_writer_received_entries_total")
    private let redeliveredEntries = Counter(label: "touchline_writer_redelivered_entries_total")
    /// Entries whose effect is committed.
    private let emittedEntries = Counter(label: "touchline_writer_emitted_entries_total")
    /// Entries that the ledger held already.
    private let duplicates = Counter(label: "touchline_writer_duplicates_total")
    /// Entries that were delivered once and are gone from their stream.
    private let lostEntries = Counter(label: "touchline_writer_dropped_total", dimensions: [("reason", "lost")])
    /// Messages that Postgres refused for what they contain.
    private let refusedMessages = Counter(
        label: "touchline_writer_dropped_total", dimensions: [("reason", "write_rejected")])
    /// Messages that a provider sent once more after Redis had come back older.
    private let repeatedMessages = Counter(
        label: "touchline_writer_dropped_total", dimensions: [("reason", "repeated")])
    /// History rows and entries of a committed batch.
    private let batchRows = Recorder(label: "touchline_writer_batch_rows", aggregate: true)
    private let batchEntries = Recorder(label: "touchline_writer_batch_entries", aggregate: true)
    /// One transaction, retries included.
    private let commitSeconds = Timer(label: "touchline_writer_commit_seconds")
    private let endToEnd = Timer(label: "touchline_end_to_end_seconds", dimensions: [("to", "committed")])
    private let cacheBytes: Gauge
    private let partitionsAhead = Gauge(label: "touchline_partitions_ahead")
    private let letters = Counter(label: "touchline_writer_letters_total")
    private let rawBytes = Counter(label: "touchline_writer_raw_bytes_total")

    /// - Parameter worker: tells the workers of a process apart where a value belongs to one.
    init(worker: String) {
        cacheBytes = Gauge(label: "touchline_writer_cache_bytes", dimensions: [("worker", worker)])
        // A series that appears with a 1 shows no increase.
        for kind in Failure.allCases { counter(of: kind).increment(by: 0) }
        counter(ofLetters: .writer, .writeRejected).increment(by: 0)
    }

    /// What went wrong, as the label `kind`.
    enum Failure: String, CaseIterable {
        /// Postgres did not take the batch, and may take it later.
        case away
        /// Postgres refused what only a person can mend.
        case refused
        /// Two writers met.
        case conflict
        /// Redis did not answer.
        case redis
        /// An entry could not be read.
        case unreadable
    }

    func failed(_ kind: Failure) { counter(of: kind).increment() }

    private func counter(of kind: Failure) -> Counter {
        Counter(label: "touchline_writer_errors_total", dimensions: [("kind", kind.rawValue)])
    }

    private func counter(ofLetters stage: DeadLetterStage, _ reason: DeadLetterReason) -> Counter {
        Counter(label: "touchline_dead_letters_total", dimensions: [("stage", stage.name), ("reason", reason.name)])
    }

    func received(entries: Int, redelivered: Int) {
        receivedEntries.increment(by: entries)
        if redelivered > 0 { redeliveredEntries.increment(by: redelivered) }
    }

    func committed(_ sealed: SealedBatch, _ outcome: CommitOutcome, in duration: Duration) {
        emittedEntries.increment(by: sealed.batch.entries.count - outcome.duplicates)
        if outcome.duplicates > 0 { duplicates.increment(by: outcome.duplicates) }
        if outcome.lostEntries > 0 { lostEntries.increment(by: outcome.lostEntries) }
        if outcome.repeatedMessages > 0 { repeatedMessages.increment(by: outcome.repeatedMessages) }
        if outcome.refusedMessages > 0 { refusedMessages.increment(by: outcome.refusedMessages) }
        batchRows.record(outcome.rowCount)
        batchEntries.record(sealed.batch.entries.count)
        commitSeconds.recordNanoseconds(duration.nanoseconds)
        Counter(label: "touchline_writer_flush_total", dimensions: [("trigger", sealed.trigger.rawValue)]).increment()
        for target in CopyTarget.allCases {
            let rows = target.rawValue < outcome.rows.count ? outcome.rows[target.rawValue] : 0
            if rows > 0 { stored(rows: rows, table: target.table) }
        }
        noteAges(of: sealed.batch.entries, now: WallClock.now)
        for (kind, count) in outcome.letters where kind.stage == .writer {
            counter(ofLetters: kind.stage, kind.reason).increment(by: count)
        }
    }

    /// Received → committed of a few entries of the batch, first and last among them.
    private func noteAges(of entries: [BatchEntry], now: Timestamp) {
        guard !entries.isEmpty else { return }
        let step = max(1, (entries.count - 1) / Self.agesPerBatch)
        for index in stride(from: 0, to: entries.count, by: step) {
            endToEnd.recordNanoseconds(now.since(entries[index].header.receivedAt).nanoseconds)
        }
    }

    private static let agesPerBatch = 8

    func stored(rows: Int, table: String) {
        Counter(label: "touchline_writer_rows_total", dimensions: [("table", table)]).increment(by: rows)
    }

    func storedLetters(_ count: Int) { letters.increment(by: count) }

    /// Letters in the table that wait for a person.
    func newLetters(_ count: Int, of feed: String) {
        Gauge(label: "touchline_dead_letters_new", dimensions: [("feed", feed)]).record(count)
    }

    func storedRaw(rows: Int, bytes: Int) {
        stored(rows: rows, table: PartitionedTable.rawFrames.name)
        rawBytes.increment(by: bytes)
    }

    /// Raw entries that no partition takes.
    func refusedRaw(letters count: Int) {
        if count > 0 { counter(ofLetters: .writer, .writeRejected).increment(by: count) }
    }

    func cacheHolds(bytes: Int) { cacheBytes.record(bytes) }

    func partitions(ahead: Int) { partitionsAhead.record(ahead) }
}

/// How full Redis is.
struct RedisGauges: Sendable {
    private let used = Gauge(label: "touchline_redis_memory_used_bytes")
    private let limit = Gauge(label: "touchline_redis_memory_limit_bytes")

    func record(_ facts: ServerFacts) {
        used.record(facts.usedMemory)
        limit.record(facts.maxmemory)
    }
}

/// What the streams of one feed look like from the outside.
struct StreamGauges: Sendable {
    let feed: FeedName

    func length(_ length: Int, of stream: String) {
        Gauge(label: "touchline_stream_length", dimensions: [("feed", feed.text), ("stream", stream)]).record(length)
    }

    /// - Parameter lag: nil when Redis cannot tell, which is not zero.
    func group(_ group: String, of stream: String, lag: Int?, pending: Int, oldestPending: Duration) {
        let labels = [("feed", feed.text), ("stream", stream), ("group", group)]
        Gauge(label: "touchline_stream_lag", dimensions: labels).record(lag.map { Double($0) } ?? .nan)
        Gauge(label: "touchline_stream_pending", dimensions: labels).record(pending)
        Gauge(label: "touchline_stream_oldest_pending_seconds", dimensions: labels).record(oldestPending.seconds)
    }

    func trimmed(_ entries: Int, of stream: String) {
        guard entries > 0 else { return }
        Counter(label: "touchline_stream_trimmed_total", dimensions: [("feed", feed.text), ("stream", stream)])
            .increment(by: entries)
    }
}

extension Duration {
    /// Nanoseconds, never below 0: clocks of two machines may differ.
    fileprivate var nanoseconds: Int64 { max(0, microseconds) * 1_000 }
}
