package import FeedModel

/// What decoding one raw entry gives. Used again for every entry: `begin`, decode, take what is there.
package struct DecodeOutput: ~Copyable {
    package var events = EventsEntryEncoder()
    package var letters: [DeadLetter] = []
    package var counters = DecodeCounters()
    /// How far after its receipt a message may say it is from.
    let clockSlack: Duration

    package init(clockSlack: Duration = ValueForm.clockSlack) { self.clockSlack = clockSlack }

    /// Starts the outcome of another entry.
    package mutating func begin(_ header: RawEntryHeader, resumed: ResumedTerm? = nil) {
        events.begin(header, resumed: resumed)
        letters.removeAll(keepingCapacity: true)
    }

    /// The counts since the last call.
    package mutating func takeCounters() -> DecodeCounters {
        defer { counters = DecodeCounters() }
        return counters
    }

    /// Refuses a message: a letter, and a count.
    mutating func refuse(
        _ refusal: Refusal, _ payload: UnsafeRawBufferPointer, at position: Position, receivedAt: Timestamp
    ) {
        counters.count(refusal.reason)
        letters.append(
            DeadLetter(
                position: position, stage: .processor, reason: refusal.reason, detail: refusal.detail,
                payload: [UInt8](payload), receivedAt: receivedAt))
    }
}

/// What decoders count; read and reset per batch.
package struct DecodeCounters: Sendable, Equatable {
    /// Messages of the provider that were looked at: every one is forwarded, refused, skipped or the session's.
    package var messages = 0
    package var odds = 0
    package var fixtures = 0
    package var settlements = 0
    package var bets = 0
    /// Odds that say what was known already. They are forwarded all the same.
    package var unchanged = 0
    /// Values with digits beyond 10⁻⁴.
    package var rounded = 0
    /// What the feed already had: messages of a partly old frame, bets that are sent again as they were.
    package var skipped = 0
    /// Messages about the session: heartbeats, answers.
    package var session = 0
    /// Messages of kinds that are known and not used.
    package var unused = 0
    /// Selections closed, and bets no longer followed, because a snapshot or image no longer had them.
    package var closed = 0
    /// Things forgotten because a cache was full.
    package var evicted = 0
    private var refused = SIMD8<Int>(repeating: 0)

    package init() {}

    /// Messages refused for `reason`.
    package func letters(_ reason: DeadLetterReason) -> Int { refused[Int(reason.rawValue)] }

    mutating func count(_ reason: DeadLetterReason) { refused[Int(reason.rawValue)] += 1 }
}
