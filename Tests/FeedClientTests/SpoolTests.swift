import FeedModel
import Foundation
import Testing

@testable import FeedClient

/// Entries on disk while Redis is away.
@Suite struct SpoolTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID())").path
    private let term = Term(rawValue: 7)

    private func spool(limit: Int = 1 << 30, segment: Int = 64 << 20) async throws -> Spool {
        var configuration = SpoolConfiguration(directory: directory, maximumBytes: limit)
        configuration.segmentBytes = segment
        let spool = Spool(configuration, name: "feed")
        try await spool.open()
        return spool
    }

    /// Entries of two frames each, from frame `first` on.
    private func entries(_ count: Int, from first: FrameNumber, bytes: Int = 100) -> [NumberedEntry] {
        (0..<count).map { index in
            let frame = first + FrameNumber(index * 2)
            return NumberedEntry(
                first: frame, last: frame + 1, receivedAt: Timestamp(microseconds: frame * 10),
                payload: (0..<bytes).map { UInt8(truncatingIfNeeded: Int(frame) &+ $0) })
        }
    }

    private func all(_ spool: Spool, after frame: FrameNumber, limit: Int) async throws -> [NumberedEntry] {
        var result: [NumberedEntry] = []
        while true {
            let next = try await spool.entries(after: result.last?.last ?? frame, limit: limit)
            if next.isEmpty { return result }
            result += next
        }
    }

    private func remove() { try? FileManager.default.removeItem(atPath: directory) }

    private func files(_ suffix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/feed")) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted().map { directory + "/feed/" + $0 }
    }

    @Test func theChecksumIsTheOneOfTheStandard() {
        // RFC 3720 appendix B.4.
        let zeros = [UInt8](repeating: 0, count: 32)
        let rising = (0..<32).map { UInt8($0) }
        #expect(zeros.withUnsafeBytes { CRC32C.of($0) } == 0x8A91_36AA)
        #expect(rising.withUnsafeBytes { CRC32C.of($0) } == 0x46DD_794E)
    }

    @Test(arguments: [64, 500, 4_096, 1 << 20])
    func whatGoesInComesOutInOrder(limit: Int) async throws {
        defer { remove() }
        let spool = try await spool(segment: 2_000)
        let stored = entries(200, from: 1_000)
        for start in stride(from: 0, to: 200, by: 7) {
            try await spool.store(Array(stored[start..<min(start + 7, 200)]), term: term)
        }
        #expect(await spool.frames == 1_000...1_399)
        #expect(files(".segment").count > 5)
        #expect(try await all(spool, after: 0, limit: limit) == stored)
        #expect(try await all(spool, after: 1_101, limit: limit) == Array(stored[51...]))
        #expect(try await spool.entries(after: 1_399).isEmpty)
        await spool.removeAll()
        #expect(await spool.frames == nil)
        #expect(!FileManager.default.fileExists(atPath: directory + "/feed"), "nothing is left behind")
    }

    @Test func itGoesOnBehindWhatWasReadAlready() async throws {
        defer { remove() }
        let spool = try await spool()
        let stored = entries(30, from: 10)
        try await spool.store(Array(stored[..<10]), term: term)
        #expect(try await spool.entries(after: 9) == Array(stored[..<10]))
        #expect(try await spool.entries(after: 29).isEmpty)
        try await spool.store(Array(stored[10...]), term: term)
        #expect(try await spool.entries(after: 29) == Array(stored[10...]))
    }

    @Test func anotherProcessFindsIt() async throws {
        defer { remove() }
        let stored = entries(50, from: 10)
        try await spool(segment: 1_000).store(stored, term: term)
        let found = try await spool()
        #expect(await found.term == term)
        #expect(await found.frames == 10...109)
        #expect(try await all(found, after: 9, limit: 1_000) == stored)
    }

    @Test func aTornTailIsCutAndKeptAside() async throws {
        defer { remove() }
        let stored = entries(5, from: 10)
        try await spool().store(stored, term: term)
        let path = try #require(files(".segment").first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in SpoolSegment.headBytes...whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            try? FileManager.default.removeItem(atPath: path + ".torn")
            let found = try await spool()
            let count = (length - SpoolSegment.headBytes) / (SpoolRecord.headBytes + 100)
            #expect(try await found.entries(after: 9) == Array(stored[..<count]))
            let torn = (length - SpoolSegment.headBytes) % (SpoolRecord.headBytes + 100)
            let kept = FileManager.default.contents(atPath: path + ".torn")
            #expect((kept?.count ?? 0) == torn)
            // It can be continued where it was cut.
            let next = entries(1, from: 10 + FrameNumber(count * 2))
            try await found.store(next, term: term)
            #expect(try await found.entries(after: 9 + FrameNumber(count * 2)) == next)
        }
    }

    @Test func aRottenRecordEndsTheSegment() async throws {
        defer { remove() }
        try await spool().store(entries(5, from: 10), term: term)
        let path = try #require(files(".segment").first)
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data[SpoolSegment.headBytes + 2 * (SpoolRecord.headBytes + 100) + 50] ^= 1
        try data.write(to: URL(fileURLWithPath: path))
        #expect(await (try spool()).frames == 10...13)
    }

    @Test func aRecordThatGoesBackEndsTheSegmentAndIsKeptAside() async throws {
        defer { remove() }
        do {
            let spool = try await spool()
            try await spool.store(entries(2, from: 10), term: term)
            try await spool.store(entries(1, from: 12), term: term)
        }
        #expect(await (try spool()).frames == 10...13)
        let path = try #require(files(".segment").first)
        #expect(FileManager.default.contents(atPath: path + ".torn")?.count == SpoolRecord.headBytes + 100)
    }

    @Test func aRecordThatEndsBeforeItBeginsIsNone() {
        var bytes: [UInt8] = []
        for (first, last) in [(10, 11), (20, 19)] as [(FrameNumber, FrameNumber)] {
            let entry = NumberedEntry(first: first, last: last, receivedAt: Timestamp(microseconds: 1), payload: [7])
            SpoolRecord.append(entry, to: &bytes)
        }
        bytes.withUnsafeBytes { bytes in
            let place = SpoolRecord.find(bytes, at: 0)
            #expect(place?.frames == 10...11)
            #expect(SpoolRecord.find(bytes, at: place?.end ?? 0) == nil)
        }
    }

    @Test func segmentsOfTwoTermsAreSetAside() async throws {
        defer { remove() }
        do {
            let mixed = try await spool(segment: 1)
            try await mixed.store(entries(1, from: 10), term: term)
            try await mixed.store(entries(1, from: 12), term: Term(rawValue: 8))
        }
        #expect(await (try spool()).frames == nil)
        #expect(files(".aside").count == 2)
    }

    @Test func theLimitIsNamedAndNothingIsTakenInPart() async throws {
        defer { remove() }
        let spool = try await spool(limit: 1_000)
        try await spool.store(entries(5, from: 10), term: term)
        let before = await spool.frames
        await #expect(throws: SpoolError.full(limit: 1_000)) { try await spool.store(entries(5, from: 20), term: term) }
        #expect(await spool.frames == before)
    }

    @Test func theOldestMayGoForTheNewest() async throws {
        defer { remove() }
        var configuration = SpoolConfiguration(directory: directory, maximumBytes: 8_000)
        configuration.policy = .dropOldest
        let spool = Spool(configuration, name: "feed")
        let stored = entries(200, from: 10)
        for start in stride(from: 0, to: 200, by: 5) {
            try await spool.store(Array(stored[start..<start + 5]), term: term)
            #expect(await spool.bytes <= 8_000)
        }
        let frames = try #require(await spool.frames)
        #expect(frames.upperBound == 409 && frames.lowerBound > 10)
        #expect(await spool.droppedFrames == frames.lowerBound - 10)
        #expect(try await all(spool, after: 9, limit: 1_000) == stored.filter { $0.first >= frames.lowerBound })
        await #expect(throws: SpoolError.full(limit: 8_000)) {
            try await spool.store(entries(1, from: 410, bytes: 9_000), term: term)
        }
        #expect(await spool.frames == frames, "what is larger than all of it drops nothing")
        await spool.removeAll()
        #expect(await spool.droppedFrames == 0)
    }

    @Test func missingFramesAreAGapThatKeepsTheChain() throws {
        func header(_ first: FrameNumber, prev: FrameNumber, at time: Int64) -> RawEntryHeader {
            RawEntryHeader(
                kind: .frames, term: term, first: first, frameCount: 2, prev: prev,
                receivedAt: Timestamp(microseconds: time), requestsHandled: .zero, resumeToken: [1])
        }
        var payload: [UInt8] = []
        RawEntry.append(header(20, prev: 19, at: 200), to: &payload)
        let next = NumberedEntry(first: 20, last: 21, receivedAt: Timestamp(microseconds: 200), payload: payload)
        let last = header(10, prev: 9, at: 100)
        let bridge = try #require(try SpoolBridge.entry(after: last, before: next, kind: .overflow))
        let written = try RawEntry.header(of: bridge.payload)
        #expect((written.first, written.last, written.prev, written.term) == (19, 19, 11, term))
        #expect(written.resumeToken == [1], "a provider that can resume may still send what is missing")
        #expect(try SpoolBridge.entry(after: written, before: next, kind: .overflow) == nil, "it is there already")
        #expect(try SpoolBridge.entry(after: last, before: next, kind: .overflow) == bridge)
    }

    @Test func aFolderThatCannotBeMadeIsAnError() async throws {
        let spool = Spool(SpoolConfiguration(directory: "/proc/nowhere"), name: "feed")
        await #expect(throws: SpoolError.self) { try await spool.store(entries(1, from: 10), term: term) }
    }

    @Test func aSpoolThatIsInUseIsNotTakenForADeadOnes() async throws {
        defer { remove() }
        let mine = try await spool()
        try await mine.store(entries(2, from: 10), term: term)
        let other = Spool(SpoolConfiguration(directory: directory), name: "feed")
        await #expect(throws: SpoolError.self) { try await other.open() }
        #expect(try await mine.entries(after: 9).count == 2)
        await mine.close()
        try await other.open()
        #expect(try await other.entries(after: 9).count == 2, "a term that has ended leaves it to the next")
    }
}
