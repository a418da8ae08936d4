import FeedModel
import Testing

@testable import Processor

/// Which entries belong to a term that went on from the provider's stored token.
@Suite struct TermRunTests {
    private var run = TermRun()
    private var frame: FrameNumber = 1_000
    private var now = Timestamp(milliseconds: 1_763_719_200_000)

    private mutating func apply(_ event: ControlEvent, after pause: Duration = .seconds(1)) {
        frame += 10
        now = now + pause
        run.apply(
            event,
            header: RawEntryHeader(
                kind: .control, term: Term(rawValue: 1), first: frame, frameCount: 1, prev: frame - 1, receivedAt: now))
    }

    private func term(behind last: FrameNumber, predecessor: UInt64 = 5) -> ControlEvent {
        .termStarted(predecessorTerm: predecessor, predecessorLast: last, provider: "sportsbook")
    }

    @Test mutating func aTermThatResumesIsNamed() {
        apply(term(behind: 900))
        #expect(run.resumed == nil, "the provider has not said yet")
        apply(.resumed(fromSequence: 41))
        #expect(run.resumed == ResumedTerm(first: 1_010, behind: 900, sequence: 41))
        apply(.keepalive(state: .live))
        apply(.resumed(fromSequence: 99))
        #expect(run.resumed?.sequence == 41, "another connection of the same term")
    }

    @Test mutating func nothingIsRepeatedBehindASnapshot() {
        apply(term(behind: 900))
        apply(.resumed(fromSequence: 41))
        apply(.snapshotBegan)
        #expect(run.resumed == nil)
        apply(.resumed(fromSequence: 7))
        #expect(run.resumed == nil, "the provider may count anew since")
    }

    @Test mutating func theFirstTermOfALogResumesNothing() {
        apply(term(behind: 0, predecessor: 0))
        apply(.resumed(fromSequence: 41))
        #expect(run.resumed == nil)
    }

    @Test mutating func aShortTermHandsOnWhereTheLogEnded() {
        apply(term(behind: 900))
        apply(.resumed(fromSequence: 41))
        apply(term(behind: 1_500))
        apply(.resumed(fromSequence: 60))
        #expect(run.resumed == ResumedTerm(first: 1_030, behind: 1_500, since: 900, sequence: 60))
        apply(term(behind: 1_600), after: .seconds(601))
        apply(.resumed(fromSequence: 70))
        #expect(run.resumed == ResumedTerm(first: 1_050, behind: 1_600, sequence: 70))
    }

    @Test mutating func aShortTermWithASnapshotHandsOnNothing() {
        apply(term(behind: 900))
        apply(.snapshotBegan)
        apply(term(behind: 1_500))
        apply(.resumed(fromSequence: 60))
        #expect(run.resumed == ResumedTerm(first: 1_030, behind: 1_500, sequence: 60))
    }

    /// A successor decodes what its predecessor would have; a checkpoint of an earlier build is still good.
    @Test func checkpointsKeepTheTerm() throws {
        let feed = ProcessedFeed(name: try DecoderBench.feed(), provider: "sportsbook", clockSlack: .seconds(3_600))
        var decoding = try EntryDecoding(feed: feed)
        let events: [ControlEvent] = [term(behind: 900), .resumed(fromSequence: 41)]
        for (index, event) in events.enumerated() {
            let header = RawEntryHeader(
                kind: .control, term: Term(rawValue: 1), first: 1_000 + Int64(index), frameCount: 1, prev: 0,
                receivedAt: now)
            _ = try decoding.decode(RawEntry.control(event, header: header), header: header)
        }
        var successor = try EntryDecoding(feed: feed, restoring: decoding.state())
        #expect(successor.state() == decoding.state())
        let header = RawEntryHeader(
            kind: .frames, term: Term(rawValue: 1), first: 2_000, frameCount: 1, prev: 1_001, receivedAt: now)
        var payload: [UInt8] = []
        RawEntry.append(header, to: &payload)
        Array("{\"type\":\"heartbeat\",\"seq\":3}".utf8).withUnsafeBytes { RawEntry.append(frame: $0, to: &payload) }
        payload += [UInt8](repeating: 0, count: RawEntry.readableSlack)
        let entry = try EventsEntryHeader(decoding: try successor.decode(payload, header: header).payload)
        #expect(entry.resumed == ResumedTerm(first: 1_000, behind: 900, sequence: 41))

        let older = try EntryDecoding(feed: feed, restoring: SportsbookDecoder(feed: feed.name).checkpoint())
        #expect(older.state() == (try EntryDecoding(feed: feed)).state())
    }
}
