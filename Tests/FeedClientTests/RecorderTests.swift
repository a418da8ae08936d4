import FeedModel
import Foundation
import Logging
import Testing
import WebSocketTransport

@testable import FeedClient

@Suite(.timeLimit(.minutes(1))) struct RecorderTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "touchline-\(UUID().uuidString)")

    private func batch(_ messages: [String], at time: Int64) -> MessageBatch {
        var batch = MessageBatch()
        for message in messages {
            withUnsafeBytes(of: UInt32(message.utf8.count).littleEndian) { batch.bytes.append(contentsOf: $0) }
            batch.bytes.append(contentsOf: message.utf8)
        }
        batch.messageCount = messages.count
        batch.cycles = [ReadCycle(byteOffset: 0, messageIndex: 0, receivedAt: time)]
        return batch
    }

    private func lines(_ messages: [String], at time: Int64) -> [Substring] {
        var lines = RecordedLines()
        batch(messages, at: time).bytes.withUnsafeBytes {
            lines.append(frames: $0, receivedAt: Timestamp(microseconds: time))
        }
        #expect(lines.count == messages.count)
        return String(decoding: lines.bytes, as: UTF8.self).split(separator: "\n")
    }

    private func recorder(_ change: (inout RecordingConfiguration) -> Void = { _ in }) throws -> FeedRecorder {
        var configuration = RecordingConfiguration(directory: folder.path)
        configuration.period = .milliseconds(10)
        change(&configuration)
        return FeedRecorder(configuration, feed: try #require(FeedName("one")), logger: Logger(label: "test"))
    }

    /// Everything that was recorded, unpacked by somebody else's gzip, by file in the order of names.
    private func recorded() throws -> [(name: String, text: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return try names.sorted().map { name in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["gzip", "-dc", folder.appending(path: name).path]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "gzip refuses \(name)")
            return (name, String(decoding: data, as: UTF8.self))
        }
    }

    @Test func aFrameIsALineWithItsTime() {
        #expect(lines([#"{"a":1}"#, ""], at: 42) == [#"0000000000000042"# + "\t" + #"{"a":1}"#, "0000000000000042\t"])
        for breaking in ["a\nb", "a\r", "base64:YQ=="] {
            let encoded = Data(breaking.utf8).base64EncodedString()
            #expect(lines([breaking], at: 1_763_719_199_000_000) == ["1763719199000000\tbase64:\(encoded)"])
        }
    }

    @Test func whatIsRecordedIsOnTheDiskWhenItEnds() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let recorder = try recorder()
        let run = Task { await recorder.run() }
        recorder.record(batch(["one", "two"], at: 1_763_719_199_000_000))
        while try recorded().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        recorder.record(batch(["three"], at: 1_763_719_200_000_000))
        run.cancel()
        await run.value
        let files = try recorded()
        #expect(files.map(\.name) == ["095959", "100000"].map { "one-20251121T\($0)Z.ndjson.gz" }, "by the hour")
        #expect(files.first?.text == "1763719199000000\tone\n1763719199000000\ttwo\n")
        #expect(files.last?.text == "1763719200000000\tthree\n")
    }

    /// Whoever takes recordings away must leave what still grows.
    @Test func aFileIsLockedForAsLongAsItGrows() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let recorder = try recorder()
        let run = Task { await recorder.run() }
        recorder.record(batch(["one"], at: 1_763_719_199_000_000))
        while try recorded().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        let path = folder.appending(path: "one-20251121T095959Z.ndjson.gz").path
        #expect(!mayShare(path))
        run.cancel()
        await run.value
        #expect(mayShare(path))
    }

    private func mayShare(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) == 0
    }

    @Test func aFullFileIsFollowedByAnother() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for _ in 0..<3 {
            let recorder = try recorder { $0.fileBytes = 1 }
            recorder.record(batch(["frame"], at: 1_763_719_199_000_000))
            let run = Task { await recorder.run() }
            run.cancel()
            await run.value
        }
        #expect(
            try recorded().map(\.name) == [
                "one-20251121T095959Z-2.ndjson.gz", "one-20251121T095959Z-3.ndjson.gz",
                "one-20251121T095959Z.ndjson.gz",
            ])
    }

    @Test func aDiskThatTakesNothingIsNoReasonToWait() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data().write(to: folder)
        let recorder = try recorder { $0.pendingBytes = 100 }
        for _ in 0..<1_000 { recorder.record(batch(["a frame that nobody will see again"], at: 1)) }
        let run = Task { await recorder.run() }
        run.cancel()
        await run.value
        #expect(try Data(contentsOf: folder).isEmpty)
    }
}
