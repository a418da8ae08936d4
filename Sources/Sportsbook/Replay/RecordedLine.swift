import FeedModel
import Foundation

/// A line of a recording: the frame alone, or as a feed's `record` writes it (`RecordingFormat`).
struct RecordedLine {
    /// The frame as it stands in the line.
    let bytes: UnsafeRawBufferPointer
    /// Microseconds since 1970.
    let receivedAt: Int64?
    /// The frame, if it does not stand in the line as it was.
    let decoded: Data?

    init(_ line: UnsafeRawBufferPointer) {
        guard let time = Self.time(line) else {
            (bytes, receivedAt, decoded) = (line, nil, nil)
            return
        }
        bytes = UnsafeRawBufferPointer(rebasing: line[(RecordingFormat.timeDigits + 1)...])
        receivedAt = time
        let mark = RecordingFormat.encodedMark
        decoded = bytes.starts(with: mark) ? Data(base64Encoded: Data(bytes.dropFirst(mark.count))) : nil
    }

    private static func time(_ line: UnsafeRawBufferPointer) -> Int64? {
        guard line.count > RecordingFormat.timeDigits, line[RecordingFormat.timeDigits] == UInt8(ascii: "\t") else {
            return nil
        }
        var time: Int64 = 0
        for byte in line.prefix(RecordingFormat.timeDigits) {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            time = time * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return time
    }
}
