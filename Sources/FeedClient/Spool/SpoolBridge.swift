import FeedModel

/// What stands in a feed's log for frames that nobody has any more, so that what follows them in the spool can still be given.
enum SpoolBridge {
    /// A gap entry between what Redis has and the spool's next entry, numbered as the last missing frame, so that the chain
    /// holds; nil if nothing is missing. The same pair gives the same entry.
    static func entry(
        after last: RawEntryHeader, before next: NumberedEntry, kind: GapKind
    ) throws(EntryError) -> NumberedEntry? {
        guard next.first > last.last + 1 else { return nil }
        let following = try RawEntry.header(of: next.payload)
        let header = RawEntryHeader(
            kind: .control, term: last.term, first: next.first - 1, frameCount: 1, prev: last.last,
            receivedAt: last.receivedAt, requestsHandled: following.requestsHandled, resumeToken: last.resumeToken)
        let count = next.first - 1 - last.last
        let cause =
            kind == .overflow
            ? "the spool was full and dropped its oldest \(count) frames"
            : "\(count) frames are neither in Redis nor here"
        let gap = ControlEvent.Gap(kind: kind, from: last.receivedAt, to: next.receivedAt, cause: cause)
        return NumberedEntry(
            first: header.first, last: header.last, receivedAt: header.receivedAt,
            payload: RawEntry.control(.gap(gap), header: header))
    }
}
