import FeedModel

/// Checks that a feed's entries follow one another without a hole, and remembers where the log once forked.
struct EntryChain: Sendable, Equatable {
    enum Link: Sendable, Equatable {
        /// The first entry that was seen; `isOrigin` if nothing came before it in the feed's life.
        case first(isOrigin: Bool)
        case continues
        /// Entries between the last one applied and this one are missing.
        case hole(after: FrameNumber, before: FrameNumber)
        /// The feed went on from an earlier frame than the last one applied: what came after that never happened.
        case fork(at: FrameNumber, applied: FrameNumber)
    }

    /// The last frame of the last entry applied.
    private(set) var last: FrameNumber?
    private(set) var term = Term.none

    /// How the entry continues what was applied before. Does not take it over: `advance` does.
    func link(_ header: EventsEntryHeader) -> Link {
        guard let last else { return .first(isOrigin: header.prev == 0) }
        if header.prev == last { return .continues }
        if header.prev > last { return .hole(after: last, before: header.first) }
        return .fork(at: header.prev, applied: last)
    }

    mutating func advance(to header: EventsEntryHeader) {
        last = header.last
        term = header.term
    }

    init() {}

    /// Continues behind a checkpoint.
    init(last: FrameNumber, term: Term) {
        self.last = last
        self.term = term
    }
}
