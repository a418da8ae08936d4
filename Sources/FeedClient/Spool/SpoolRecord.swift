import FeedModel

/// One entry as it stands in a segment of the spool: little-endian, `length u32, crc32c u32, first i64, last i64,
/// received_at i64` (microseconds), then the payload. The checksum covers all that follows it.
enum SpoolRecord {
    static let headBytes = 32

    /// What an entry takes in a segment.
    static func bytes(of entry: NumberedEntry) -> Int { headBytes + entry.payload.count }

    static func append(_ entry: NumberedEntry, to bytes: inout [UInt8]) {
        let start = bytes.count
        for value in [entry.first, entry.last, entry.receivedAt.microseconds] { append(value, to: &bytes) }
        let head = Array(bytes[start...])
        let checksum = head.withUnsafeBytes { head in entry.payload.withUnsafeBytes { CRC32C.of(head, $0) } }
        bytes.removeLast(bytes.count - start)
        append(UInt32(entry.payload.count), to: &bytes)
        append(checksum, to: &bytes)
        bytes.append(contentsOf: head)
        bytes.append(contentsOf: entry.payload)
    }

    /// Where a record's parts stand.
    struct Place {
        let frames: ClosedRange<FrameNumber>
        let receivedAt: Timestamp
        let payload: Range<Int>

        /// Where the next record starts.
        var end: Int { payload.upperBound }
    }

    /// Finds the record at `offset`; nil if there is no whole, sound one.
    static func find(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Place? {
        guard bytes.count - offset >= headBytes else { return nil }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        let end = offset + headBytes + length
        guard end <= bytes.count else { return nil }
        let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        guard CRC32C.of(UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<end])) == checksum else { return nil }
        func integer(_ at: Int) -> Int64 {
            Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + at, as: Int64.self))
        }
        guard integer(8) <= integer(16) else { return nil }
        return Place(
            frames: integer(8)...integer(16), receivedAt: Timestamp(microseconds: integer(24)),
            payload: offset + headBytes..<end)
    }

    /// The record at `offset` and where the next one starts; nil if there is no whole, sound one.
    static func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (entry: NumberedEntry, end: Int)? {
        guard let place = find(bytes, at: offset) else { return nil }
        let entry = NumberedEntry(
            first: place.frames.lowerBound, last: place.frames.upperBound, receivedAt: place.receivedAt,
            payload: [UInt8](copying: UnsafeRawBufferPointer(rebasing: bytes[place.payload])))
        return (entry, place.end)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
