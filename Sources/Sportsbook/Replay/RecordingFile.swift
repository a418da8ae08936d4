import Foundation
import Telemetry

/// A recording in memory: one frame a line, with or without the time at which it was received before it. Plain files are
/// mapped; gzip files are unpacked into a temporary file that is mapped and removed, so that large recordings cost address
/// space rather than memory.
package struct RecordingFile: Sendable {
    package let path: String
    private let data: Data
    /// Where the lines stand that are not empty.
    package let lines: [Range<Int>]

    /// Reads it whole, and throws what is wrong with it.
    package init(path: String) throws(SportsbookError) {
        self.path = path
        do {
            data = try Self.isCompressed(path) ? Self.unpacked(path) : Self.mapped(URL(fileURLWithPath: path))
        } catch let error as SportsbookError {
            throw error
        } catch {
            throw .recording(file: path, reason: SystemReason.of(error))
        }
        lines = Self.lines(of: data)
        if lines.isEmpty { throw .recording(file: path, reason: "it holds no line") }
    }

    /// The frame in a line.
    package func withLine<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        data.withUnsafeBytes { data in
            let frame = RecordedLine(UnsafeRawBufferPointer(rebasing: data[range]))
            guard let bytes = frame.decoded else { return body(frame.bytes) }
            return bytes.withUnsafeBytes(body)
        }
    }

    /// Whether the frame in a line came as a binary one: what is not UTF-8 cannot have come as text.
    package func isBinary(_ range: Range<Int>) -> Bool {
        data.withUnsafeBytes { data in
            RecordedLine(UnsafeRawBufferPointer(rebasing: data[range])).decoded
                .map { String(validating: $0, as: UTF8.self) == nil } ?? false
        }
    }

    /// When the frame in a line was received, in microseconds since 1970; nil if the recording does not tell.
    package func receivedAt(_ range: Range<Int>) -> Int64? {
        data.withUnsafeBytes { RecordedLine(UnsafeRawBufferPointer(rebasing: $0[range])).receivedAt }
    }

    private static func mapped(_ url: URL) throws -> Data { try Data(contentsOf: url, options: .alwaysMapped) }

    private static func isCompressed(_ path: String) throws -> Bool {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        return try handle.read(upToCount: 2) == Data([0x1F, 0x8B])
    }

    private static func unpacked(_ path: String) throws -> Data {
        let target = FileManager.default.temporaryDirectory.appending(path: "touchline-replay-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: target.path, contents: nil) else {
            throw SportsbookError.recording(file: path, reason: "cannot write to \(target.path)")
        }
        defer { try? FileManager.default.removeItem(at: target) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", "--", path]
        process.standardOutput = try FileHandle(forWritingTo: target)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw SportsbookError.recording(file: path, reason: "gzip cannot unpack it")
        }
        return try mapped(target)
    }

    private static func lines(of data: Data) -> [Range<Int>] {
        data.withUnsafeBytes { bytes in
            var lines: [Range<Int>] = []
            var start = 0
            while start < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                let length = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
                var end = start + length
                if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
                if end > start { lines.append(start..<end) }
                start += length + 1
            }
            return lines
        }
    }
}
