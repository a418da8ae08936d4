package import FeedModel

/// The entries of the last seconds, kept so that they can be appended again when Redis comes back older than it was.
///
/// Bounded by age and by bytes, whichever is less: what falls out can no longer be given again and becomes a gap.
package struct RetainedEntries {
    private var entries: [NumberedEntry] = []
    private var start = 0
    private var bytes = 0
    private let maximumAge: Duration
    private let maximumBytes: Int

    package init(maximumAge: Duration = .seconds(5), maximumBytes: Int = 64 * 1024 * 1024) {
        self.maximumAge = maximumAge
        self.maximumBytes = maximumBytes
    }

    /// What is kept already is not kept twice: a spool gives again what failed to be appended.
    package mutating func keep(_ appended: [NumberedEntry]) {
        let last = entries.last?.last ?? -1
        let new = (appended.first?.first ?? 0) > last ? appended[...] : appended.drop { $0.last <= last }
        entries.append(contentsOf: new)
        bytes += new.reduce(0) { $0 + $1.payload.count }
        guard let newest = entries.last?.receivedAt else { return }
        while start < entries.count - 1,
            bytes > maximumBytes || newest.since(entries[start].receivedAt) > maximumAge
        {
            bytes -= entries[start].payload.count
            start += 1
        }
        // What fell out holds its memory until here: never more than a quarter of all.
        if start > 64 && start > entries.count / 4 {
            entries.removeFirst(start)
            start = 0
        }
    }

    /// The kept entries behind frame `last`, if the first of them follows it without a hole; nil if something is missing.
    package func following(_ last: FrameNumber) -> [NumberedEntry]? {
        let following = entries[start...].drop { $0.last <= last }
        guard let first = following.first else { return [] }
        return first.first == last + 1 ? Array(following) : nil
    }
}
