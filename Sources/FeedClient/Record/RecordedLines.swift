package import FeedModel
import Foundation

/// Frames as lines of a recording (`RecordingFormat`), with the time at which they were taken from the socket.
package struct RecordedLines: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    package init() {}

    /// Adds frames that stand back to back, each `length u32 LE (bit 31: binary), bytes`.
    package mutating func append(frames: UnsafeRawBufferPointer, receivedAt: Timestamp) {
        let head = Array(Self.digits(of: receivedAt).utf8) + [UInt8(ascii: "\t")]
        var offset = 0
        while offset + 4 <= frames.count {
            let size = FrameRun.size(at: offset, in: frames)
            guard offset + size <= frames.count else { return }
            bytes.append(contentsOf: head)
            append(frame: UnsafeRawBufferPointer(rebasing: frames[offset + 4..<offset + size]))
            bytes.append(UInt8(ascii: "\n"))
            count += 1
            offset += size
        }
    }

    private mutating func append(frame: UnsafeRawBufferPointer) {
        guard Self.breaksLine(frame) else { return bytes.append(contentsOf: frame) }
        bytes.append(contentsOf: RecordingFormat.encodedMark)
        bytes.append(contentsOf: Data(frame).base64EncodedData())
    }

    private static func breaksLine(_ frame: UnsafeRawBufferPointer) -> Bool {
        guard let start = frame.baseAddress else { return false }
        return memchr(start, 0x0A, frame.count) != nil || memchr(start, 0x0D, frame.count) != nil
            || frame.starts(with: RecordingFormat.encodedMark)
    }

    /// Always as many, which is how a reader knows such a line.
    private static func digits(of time: Timestamp) -> String {
        let digits = String(max(0, time.microseconds))
        return String(repeating: "0", count: max(0, RecordingFormat.timeDigits - digits.count)) + digits
    }
}
