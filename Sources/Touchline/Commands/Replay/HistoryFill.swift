import FeedModel
import Processor
import Writer

/// Puts recorded frames into the holes of a feed's history.
///
/// Recorded frames have no numbers; those of a hole get the last ones that are missing there, in order, so that the chain of
/// entries goes through from the entry before the hole to the one behind it.
struct HistoryFill {
    let feed: ProcessedFeed
    let frames: RecordedFrames
    let filling: HistoryFilling

    /// What came of one hole.
    struct Report {
        let hole: HistoryHole
        var frames = 0
        var outcome = HistoryFilling.Outcome()
        var isHealed = false
    }

    private static let entriesPerTransaction = 256

    /// The decoder sees all frames, so that it knows at a hole what the Processor's knew; what lies in no hole is not written.
    func run(_ holes: [HistoryHole], _ progress: (Report) -> Void) async throws -> [Report] {
        var decoding = try EntryDecoding(feed: feed)
        var reports: [Report] = []
        var next = 0
        for hole in holes {
            let missing = frames.indices(in: hole)
            guard missing.count <= hole.count else { throw Self.tooMany(missing.count, for: hole) }
            if next < missing.lowerBound {
                let before = next..<missing.lowerBound
                let prev = hole.after - FrameNumber(before.count) - 1
                for entry in entries(of: before, term: hole.term, firstFrame: prev + 1, prev: prev) {
                    _ = try decoding.decode(entry.payload, header: entry.header)
                }
            }
            next = missing.upperBound
            reports.append(try await fill(hole, missing, &decoding, progress))
        }
        return reports
    }

    private func fill(
        _ hole: HistoryHole, _ missing: Range<Int>, _ decoding: inout EntryDecoding, _ progress: (Report) -> Void
    ) async throws -> Report {
        var report = Report(hole: hole)
        guard !missing.isEmpty else { return report }
        let first = hole.last - FrameNumber(missing.count) + 1
        var batch: [HistoryFilling.Entry] = []
        for entry in entries(of: missing, term: hole.term, firstFrame: first, prev: hole.after) {
            let output = try decoding.decode(entry.payload, header: entry.header)
            let decoded = HistoryReplacement.Entry(
                header: entry.header, events: output.payload, letters: output.letters)
            batch.append(HistoryFilling.Entry(raw: entry.payload, decoded: decoded))
            report.frames += entry.header.frameCount
            guard batch.count >= Self.entriesPerTransaction || entry.header.last == hole.last else { continue }
            report.outcome += try await filling.write(batch)
            batch.removeAll(keepingCapacity: true)
            progress(report)
        }
        report.isHealed = try await filling.heal(hole)
        return report
    }

    private struct RawPiece {
        let header: RawEntryHeader
        let payload: [UInt8]
    }

    /// Entries as the FeedClient would have cut them: of one moment, at most 64 frames or 64 KiB.
    private func entries(
        of range: Range<Int>, term: Term, firstFrame: FrameNumber, prev: FrameNumber
    ) -> some Sequence<RawPiece> {
        var (index, number, prev) = (range.lowerBound, firstFrame, prev)
        return AnyIterator {
            guard index < range.upperBound else { return nil }
            let time = frames.receivedAt(index)
            var (end, bytes) = (index, 0)
            repeat {
                bytes += frames.byteCount(end)
                end += 1
            } while end < range.upperBound && end - index < RawEntry.maximumFrames
                && bytes + frames.byteCount(end) <= RawEntry.maximumBytes && frames.receivedAt(end) == time
            let header = RawEntryHeader(
                kind: .frames, term: term, first: number, frameCount: end - index, prev: prev, receivedAt: time)
            var payload: [UInt8] = []
            payload.reserveCapacity(bytes + 8 * (end - index) + 128 + RawEntry.readableSlack)
            RawEntry.append(header, to: &payload)
            for frame in index..<end { frames.append(frame, to: &payload) }
            (index, number, prev) = (end, header.last + 1, header.last)
            return RawPiece(header: header, payload: payload)
        }
    }

    private static func tooMany(_ count: Int, for hole: HistoryHole) -> CommandFailure {
        CommandFailure(
            description:
                "the recordings have \(count) frames between \(hole.from) and \(hole.to), but only \(hole.count) are missing "
                + "there: they are not this feed's, or not only; nothing was written into this hole")
    }
}
