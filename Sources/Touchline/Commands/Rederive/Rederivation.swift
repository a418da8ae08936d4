import FeedModel
import PostgresCopy
import Processor
import Writer

/// Decodes a feed's archived frames again and replaces the rows that they became.
///
/// The decoder begins at the last image before the window, so that it knows what the Processor's knew. Behind a hole in the
/// archive it knows nothing: what follows, up to the next image, is left as it is.
struct Rederivation {
    let feed: ProcessedFeed
    let window: Range<Timestamp>
    let frames: ArchivedFrames
    let replacement: HistoryReplacement

    /// What came of it.
    struct Report {
        var outcome = HistoryReplacement.Outcome()
        /// Entries of the window that no image comes before.
        var withoutImage = 0
        var holes = 0
        /// Decoded before the window, for the decoder's state alone.
        var before = 0
        var lastReceivedAt: Timestamp?
    }

    private static let entriesPerTransaction: Int64 = 256

    func run(_ progress: (Report) -> Void = { _ in }) async throws -> Report {
        var report = Report()
        var next: FrameNumber
        var state = State(decoding: try EntryDecoding(feed: feed), isWhole: true)
        switch try await frames.beginning(before: window.lowerBound) {
        case .nothing: return report
        case .image(let frame): next = frame
        case .middle(let frame):
            next = frame
            state.isWhole = false
        }
        while true {
            let entries = try await frames.entries(
                from: next, before: window.upperBound, limit: Self.entriesPerTransaction)
            guard let last = entries.last else { return report }
            var decoded: [HistoryReplacement.Entry] = []
            for entry in entries {
                if let entry = try decode(entry, &state, &report) { decoded.append(entry) }
            }
            report.outcome += try await replacement.replace(decoded)
            report.lastReceivedAt = last.header.receivedAt
            progress(report)
            next = last.header.last + 1
        }
    }

    /// The decoder on its way through the archive.
    private struct State: ~Copyable {
        var decoding: EntryDecoding
        /// It has seen an image and everything since.
        var isWhole: Bool
        var last: FrameNumber?
    }

    /// Nil for what is not to be replaced.
    private func decode(
        _ entry: ArchivedEntry, _ state: inout State, _ report: inout Report
    ) throws -> HistoryReplacement.Entry? {
        let header = entry.header
        if let last = state.last, entry.isInLedger, header.prev != last {
            state.decoding = try EntryDecoding(feed: feed)
            state.isWhole = false
            report.holes += 1
        }
        state.last = header.last
        let control = entry.control
        // A letter's message stands where it first came from, and is decoded there.
        if case .letterReplayed? = control { return nil }
        if !state.isWhole, control == .snapshotBegan { state.isWhole = true }
        let isWanted = window.contains(header.receivedAt)
        guard state.isWhole else {
            if isWanted { report.withoutImage += 1 }
            return nil
        }
        let output = try state.decoding.decode(entry.payload, header: header)
        guard isWanted else {
            report.before += 1
            return nil
        }
        return HistoryReplacement.Entry(header: header, events: output.payload, letters: output.letters)
    }
}
