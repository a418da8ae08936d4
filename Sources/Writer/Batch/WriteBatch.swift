import FeedModel
import RedisStreams
import Telemetry

/// What one transaction will write, gathered from entries of `events`: flat arrays of rows, every row in the order in
/// which
/// its entry came, texts in one arena.
struct WriteBatch: Sendable {
    var entries: [BatchEntry] = []
    var odds: [OddsRow] = []
    var bets: [BetRow] = []
    var fixtures: [FixtureRow] = []
    var settlements: [SettlementRow] = []
    var marketStatuses: [MarketStatusRow] = []
    var marketNames: [NameRow] = []
    var selectionNames: [NameRow] = []
    var gaps: [GapChange] = []
    /// Dead letters that were refused again.
    var refusals: [LetterRefusal] = []
    /// Where messages of resumed terms are not counted one a frame.
    var sequences: [SequenceNote] = []
    /// The resumed terms whose entries carry sequences.
    private(set) var resumedTerms: Set<TermKey> = []
    var unreadable: [UnreadableEntry] = []
    var lost: [LostEntry] = []
    /// Of the sampled entries.
    var traces: [TraceContext] = []
    var pending = PendingDimensions()
    var arena: [UInt8] = []
    /// Some entries are dead letters that were sent through again.
    private(set) var holdsReplayedLetters = false
    /// Bytes of all payloads.
    private(set) var byteCount = 0

    /// Nothing to write and nothing to acknowledge.
    var isEmpty: Bool { entries.isEmpty && unreadable.isEmpty && lost.isEmpty }

    /// Rows of history tables, before repeats are merged.
    var rowCount: Int { odds.count + bets.count + fixtures.count + settlements.count }

    mutating func append(_ entry: BatchEntry) {
        entries.append(entry)
        if entry.header.letter != nil { holdsReplayedLetters = true }
        if let key = entry.termKey { resumedTerms.insert(key) }
        byteCount += entry.payload.count
    }

    mutating func store(_ text: TextView) -> TextSlice {
        guard text.count > 0 else { return .empty }
        let start = arena.count
        let text = text.count > Int(UInt16.max) ? TextView(rebasing: text[..<Int(UInt16.max)]) : text
        arena.append(contentsOf: text)
        return TextSlice(start: UInt32(start), length: UInt16(text.count))
    }

    func string(_ slice: TextSlice) -> String {
        let start = Int(slice.start)
        return String(decoding: arena[start..<start + Int(slice.length)], as: UTF8.self)
    }

    /// Nil for an absent text.
    func optionalString(_ slice: TextSlice) -> String? { slice.length == 0 ? nil : string(slice) }
}

/// One entry of `events`, as delivered.
struct BatchEntry: Sendable {
    /// Index into the worker's feeds.
    let feed: Int
    let feedID: Int16
    let id: StreamID
    let header: EventsEntryHeader
    let payload: [UInt8]

    /// When what its rows say was received: of a replayed letter long before the entry.
    var rowsReceivedAt: Timestamp { header.letter?.receivedAt ?? header.receivedAt }

    /// The dead letter that its rows come from.
    var letterID: LetterID? {
        header.letter.map { LetterID(feedID: feedID, position: $0.position.rawValue, stage: $0.stage.rawValue) }
    }

    /// The term, if it resumed and what the entry says is counted by the provider.
    var termKey: TermKey? {
        guard header.firstSequence > 0, let term = header.resumed else { return nil }
        return TermKey(feedID: feedID, term: term)
    }

    /// The ledger's key.
    var ledgerKey: LedgerKey {
        LedgerKey(feedID: feedID, first: header.first, receivedAt: header.receivedAt.microseconds)
    }
}

struct LedgerKey: Sendable, Hashable, Comparable {
    let feedID: Int16
    let first: FrameNumber
    let receivedAt: Int64

    static func < (left: LedgerKey, right: LedgerKey) -> Bool {
        (left.feedID, left.first, left.receivedAt) < (right.feedID, right.first, right.receivedAt)
    }
}

/// An entry that is of a known version and yet cannot be read to its end: it becomes a dead letter as a whole.
struct UnreadableEntry: Sendable {
    let feed: Int
    let feedID: Int16
    let id: StreamID
    let payload: [UInt8]
    let why: String
    let seenAt: Timestamp

    /// The stream id is the entry's first frame, whatever became of its bytes.
    var position: Position { Position(frame: FrameNumber(clamping: id.milliseconds), ordinal: 0) }
}

/// An entry that was delivered and no longer exists.
struct LostEntry: Sendable {
    let feed: Int
    let feedID: Int16
    let id: StreamID
}

/// What a control entry says of a gap. Heals may be written before the gap they heal.
struct GapChange: Sendable {
    enum Kind: Sendable {
        case opened(ControlEvent.Gap)
        /// Microseconds since 1970.
        case healed(at: Int64)
    }

    /// Names the gap.
    let position: Int64
    let entry: Int32
    let kind: Kind
}

/// From `position` on, the messages of an entry are counted from `sequence`.
struct SequenceNote: Sendable {
    let position: Int64
    let sequence: Int64
    let entry: Int32
}

/// A dead letter, by what is unique of it.
struct LetterID: Sendable, Hashable {
    let feedID: Int16
    let position: Int64
    let stage: UInt8

    /// The message that the letter is about.
    var message: MessageID { MessageID(feedID: feedID, position: position) }
}

/// A dead letter that was sent through again and refused again.
struct LetterRefusal: Sendable {
    let position: Int64
    let stage: UInt8
    let reason: UInt8
    let detail: String
    var sqlState = ""
    let entry: Int32
}
