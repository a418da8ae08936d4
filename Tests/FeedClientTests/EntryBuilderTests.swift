import FeedClient
import FeedModel
import Foundation
import Testing

@Suite struct EntryBuilderTests {
    private func builder(last: FrameNumber = 99) -> EntryBuilder {
        EntryBuilder(
            after: RawEntryHeader(
                kind: .control, term: Term(rawValue: 7), first: last, frameCount: 1, prev: 0,
                receivedAt: Timestamp(microseconds: 1_000)))
    }

    private func run(_ count: Int, bytes: Int = 10) -> [UInt8] {
        var frames: [UInt8] = []
        for _ in 0..<count {
            [UInt8](repeating: 65, count: bytes).withUnsafeBytes { RawEntry.append(frame: $0, to: &frames) }
        }
        return frames
    }

    @Test func numbersAreContiguousAndEntriesFormAChain() throws {
        var builder = builder()
        run(3).withUnsafeBytes { builder.add(run: $0, count: 3) }
        builder.add(control: .snapshotBegan, token: [])
        run(1).withUnsafeBytes { builder.add(run: $0, count: 1) }
        builder.close(token: [1])
        let entries = builder.takeClosed()
        #expect(entries.map(\.first) == [100, 103, 104])
        #expect(entries.map(\.last) == [102, 103, 104])
        let headers = try entries.map { try RawEntry.header(of: $0.payload) }
        #expect(headers.map(\.prev) == [99, 102, 103])
        #expect(headers.map(\.kind) == [.frames, .control, .frames])
        #expect(headers.last?.resumeToken == [1])
        #expect(headers.allSatisfy { $0.term == Term(rawValue: 7) })
        #expect(builder.takeClosed().isEmpty)
    }

    /// Or a crash between the two entries would lose the request.
    @Test func noEntryBeforeARequestsOwnSaysThatItIsHandled() throws {
        var builder = builder()
        run(3).withUnsafeBytes { builder.add(run: $0, count: 3) }
        let request = RequestID(milliseconds: 8, sequence: 1)
        builder.handled(request, token: [])
        builder.add(control: .letterReplayed(position: 1, stage: 1, receivedAt: 2, payload: Data()), token: [])
        let headers = try builder.takeClosed().map { try RawEntry.header(of: $0.payload) }
        #expect(headers.map(\.requestsHandled) == [.zero, request])
        #expect(headers.map(\.kind) == [.frames, .control])
    }

    @Test func anEntryIsFullAtSixtyFourFramesOrSixtyFourKilobytes() {
        var builder = builder()
        #expect(!builder.isFull(adding: 10_000_000), "a frame larger than an entry travels alone")
        run(63).withUnsafeBytes { builder.add(run: $0, count: 63) }
        #expect(!builder.isFull(adding: 100))
        #expect(builder.isFull(adding: 64 * 1024))
        run(1).withUnsafeBytes { builder.add(run: $0, count: 1) }
        #expect(builder.isFull(adding: 1))
    }

    @Test func whatIsNotAddedYetCountsAsWell() {
        let builder = builder()
        #expect(builder.isFull(behind: (64, 64 * 300), adding: 300))
        #expect(!builder.isFull(behind: (12, 12 * 4_800), adding: 4_800))
        #expect(builder.isFull(behind: (13, 13 * 4_800), adding: 4_800))
        #expect(!builder.isFull(behind: (0, 0), adding: 10_000_000))
    }

    @Test func timeNeverGoesBack() throws {
        var builder = builder()
        builder.advance(to: Timestamp(microseconds: 2_000))
        builder.advance(to: Timestamp(microseconds: 1_500))
        run(1).withUnsafeBytes { builder.add(run: $0, count: 1) }
        builder.close(token: [])
        #expect(builder.takeClosed().first?.receivedAt == Timestamp(microseconds: 2_000))
    }
}

@Suite struct RetainedEntriesTests {
    private func entry(_ first: FrameNumber, _ count: Int64 = 1, at seconds: Int64 = 0, bytes: Int = 10)
        -> NumberedEntry
    {
        NumberedEntry(
            first: first, last: first + count - 1, receivedAt: Timestamp(microseconds: seconds * 1_000_000),
            payload: [UInt8](repeating: 0, count: bytes))
    }

    @Test func whatFollowsIsGivenAgainOnlyWithoutAHole() {
        var retained = RetainedEntries()
        retained.keep([entry(10, 5), entry(15), entry(16, 4)])
        #expect(retained.following(14)?.map(\.first) == [15, 16])
        #expect(retained.following(19)?.isEmpty == true)
        #expect(retained.following(9)?.count == 3)
        #expect(retained.following(8) == nil, "frame 9 is no longer kept")
        #expect(retained.following(12) == nil, "an entry cannot be given in part")
    }

    @Test func whatIsGivenASecondTimeIsKeptOnce() {
        var retained = RetainedEntries()
        retained.keep([entry(10), entry(11)])
        retained.keep([entry(10), entry(11), entry(12)])
        retained.keep([entry(11)])
        retained.keep([entry(13)])
        #expect(retained.following(9)?.map(\.first) == [10, 11, 12, 13])
    }

    @Test func ageAndBytesBoundWhatIsKept() {
        var retained = RetainedEntries(maximumAge: .seconds(5), maximumBytes: 100)
        for number in 1...10 { retained.keep([entry(FrameNumber(number), at: Int64(number))]) }
        #expect(retained.following(4)?.map(\.first) == [5, 6, 7, 8, 9, 10])
        #expect(retained.following(3) == nil)
        retained.keep([entry(11, at: 10, bytes: 95)])
        #expect(retained.following(10)?.count == 1)
        #expect(retained.following(9) == nil)
    }
}
