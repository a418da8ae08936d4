import FeedModel

/// Follows a feed's terms: whether what is decoded goes on from the provider's stored token, and since where.
///
/// After a snapshot nothing that the provider sends is a repetition of what came before the term.
struct TermRun: Equatable {
    private enum State: UInt8 {
        case other
        /// The term has begun, and the provider has not said yet whether it resumes.
        case begun
        case resumed
    }

    private var state = State.other
    private var term = ResumedTerm(first: 0, behind: 0, sequence: 0)
    /// When the term began.
    private var began = Timestamp(microseconds: 0)

    /// A term that is followed by another so soon may have left the ledger's old entries behind it: they are still to be
    /// looked for.
    private static let shortTerm = Duration.seconds(600)

    /// The term that entries belong to now; nil unless it resumed.
    var resumed: ResumedTerm? { state == .resumed ? term : nil }

    mutating func apply(_ event: ControlEvent, header: RawEntryHeader) {
        switch event {
        case .termStarted(let predecessor, let last, _):
            let isShort = state != .other && header.receivedAt.since(began) < Self.shortTerm
            let since = isShort ? min(term.since, last) : last
            term = ResumedTerm(first: header.first, behind: last, since: since, sequence: 0)
            began = header.receivedAt
            state = predecessor == 0 ? .other : .begun
        case .resumed(let sequence) where state == .begun:
            term.sequence = sequence ?? 0
            state = .resumed
        case .snapshotBegan: state = .other
        default: break
        }
    }

    // MARK: Checkpoint

    /// What the checkpoint of an `EntryDecoding` starts with. Decoders count their own versions from 1.
    static let version: UInt8 = 0x81

    func save(to writer: inout CheckpointWriter) {
        writer.put(state.rawValue)
        writer.put(term.first)
        writer.put(term.behind)
        writer.put(term.since)
        writer.put(term.sequence)
        writer.put(began.microseconds)
    }

    init() {}

    init(_ reader: inout CheckpointReader) throws(CheckpointError) {
        guard let state = State(rawValue: try reader.byte("term")) else { throw .damaged("term") }
        self.state = state
        term = ResumedTerm(
            first: try reader.integer("term"), behind: try reader.integer("term"),
            since: try reader.integer("term"), sequence: try reader.integer("term"))
        began = Timestamp(microseconds: try reader.integer("term"))
    }
}
