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

/// What a spool gives next, ready to be appended.
struct SpoolPortion: Sendable {
    /// Without a hole behind what Redis has; the first may stand for what is missing.
    let entries: [NumberedEntry]
    /// The header of the last of them.
    let end: RawEntryHeader
    /// Why frames are missing before the spool's own entries; nil if none are.
    let missing: GapKind?
}

extension Spool {
    /// The entries behind `last`; nil at the end.
    func portion(after last: RawEntryHeader) throws -> SpoolPortion? {
        var entries = try entries(after: last.last)
        guard let first = entries.first, let end = entries.last else { return nil }
        let kind: GapKind = droppedFrames > 0 ? .overflow : .lost
        let bridge = try SpoolBridge.entry(after: last, before: first, kind: kind)
        if let bridge { entries.insert(bridge, at: 0) }
        return SpoolPortion(
            entries: entries, end: try RawEntry.header(of: end.payload), missing: bridge == nil ? nil : kind)
    }
}
