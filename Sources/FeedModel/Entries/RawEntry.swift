/// One entry of a feed's `raw` stream: what one read cycle of the socket delivered, or one control event.
///
/// Payload version 1, little-endian:
/// `version u8, kind u8, frames u16, term u64, first i64, prev i64, received_at i64 µs, requests id u64 u64,
/// token length u16, token`, then per frame `length u32 (bit 31: binary), bytes`. A control entry has one frame, its JSON.
package struct RawEntryHeader: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case frames = 0
        case control = 1
    }

    package var kind: Kind
    package var term: Term
    /// The number of the entry's first frame; its stream id.
    package var first: FrameNumber
    /// How many frames the entry holds: 1 to `RawEntry.maximumFrames`.
    package var frameCount: Int
    /// The last frame of the entry before this one; across terms, the predecessor's last.
    package var prev: FrameNumber
    /// When the FeedClient took the frames from the socket. Never goes back within a feed.
    package var receivedAt: Timestamp
    /// The last entry of `requests` that the owner had handled.
    package var requestsHandled: RequestID
    /// What the provider needs to resume after this entry; empty if it cannot.
    package var resumeToken: [UInt8]

    package init(
        kind: Kind, term: Term, first: FrameNumber, frameCount: Int, prev: FrameNumber, receivedAt: Timestamp,
        requestsHandled: RequestID = .zero, resumeToken: [UInt8] = []
    ) {
        self.kind = kind
        self.term = term
        self.first = first
        self.frameCount = frameCount
        self.prev = prev
        self.receivedAt = receivedAt
        self.requestsHandled = requestsHandled
        self.resumeToken = resumeToken
    }

    package var last: FrameNumber { first + FrameNumber(frameCount) - 1 }
}

/// The id of an entry of `requests`: milliseconds and sequence as Redis made them.
package struct RequestID: Sendable, Hashable, Comparable {
    package let milliseconds: UInt64
    package let sequence: UInt64

    package init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    package static let zero = RequestID(milliseconds: 0, sequence: 0)

    package static func < (left: RequestID, right: RequestID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

/// Limits and codec of raw entries.
package enum RawEntry {
    package static let version: UInt8 = 1
    /// An entry is closed at this many frames or bytes, whichever comes first; a larger frame travels alone.
    package static let maximumFrames = 64
    package static let maximumBytes = 64 * 1024
    /// Frames above this are not forwarded but refused as `too_large`.
    package static let maximumFrameBytes = 8 * 1024 * 1024
    /// Bytes behind a payload that must be readable, because the JSON scanner loads whole vectors.
    package static let readableSlack = 64

    private static let binaryFlag: UInt32 = 1 << 31

    /// Appends header and nothing else; the caller appends `header.frameCount` frames as `frame length, bytes`.
    package static func append(_ header: RawEntryHeader, to buffer: inout [UInt8]) {
        buffer.append(version)
        buffer.append(header.kind.rawValue)
        buffer.appendLittleEndian(UInt16(header.frameCount))
        buffer.appendLittleEndian(header.term.rawValue)
        buffer.appendLittleEndian(header.first)
        buffer.appendLittleEndian(header.prev)
        buffer.appendLittleEndian(header.receivedAt.microseconds)
        buffer.appendLittleEndian(header.requestsHandled.milliseconds)
        buffer.appendLittleEndian(header.requestsHandled.sequence)
        buffer.appendLittleEndian(UInt16(header.resumeToken.count))
        buffer.append(contentsOf: header.resumeToken)
    }

    /// Appends one frame behind the header.
    package static func append(frame: UnsafeRawBufferPointer, isBinary: Bool = false, to buffer: inout [UInt8]) {
        buffer.appendLittleEndian(UInt32(frame.count) | (isBinary ? binaryFlag : 0))
        buffer.append(contentsOf: frame)
    }

    /// The payload of a control entry.
    package static func control(_ event: ControlEvent, header: RawEntryHeader) -> [UInt8] {
        var buffer: [UInt8] = []
        append(header, to: &buffer)
        event.encoded().withUnsafeBytes { append(frame: $0, to: &buffer) }
        return buffer
    }

    package static func header(of payload: [UInt8]) throws(EntryError) -> RawEntryHeader {
        do {
            return try payload.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes)
                return try header(&cursor)
            }
        } catch let error as EntryError {
            throw error
        } catch {
            throw .truncated("header")
        }
    }

    /// Reads the header at the cursor and leaves it at the first frame.
    package static func header(_ cursor: inout ByteCursor) throws(EntryError) -> RawEntryHeader {
        let version = try cursor.integer(UInt8.self, "version")
        guard version == Self.version else { throw .unknownVersion(version) }
        guard let kind = RawEntryHeader.Kind(rawValue: try cursor.integer(UInt8.self, "kind")) else {
            throw .truncated("kind")
        }
        let frameCount = Int(try cursor.integer(UInt16.self, "frame count"))
        let term = Term(rawValue: try cursor.integer(UInt64.self, "term"))
        let first = try cursor.integer(Int64.self, "first frame")
        let prev = try cursor.integer(Int64.self, "previous frame")
        let receivedAt = Timestamp(microseconds: try cursor.integer(Int64.self, "received_at"))
        let requests = RequestID(
            milliseconds: try cursor.integer(UInt64.self, "requests id"),
            sequence: try cursor.integer(UInt64.self, "requests id"))
        let tokenLength = Int(try cursor.integer(UInt16.self, "resume token"))
        let token = [UInt8](copying: try cursor.take(tokenLength, "resume token"))
        return RawEntryHeader(
            kind: kind, term: term, first: first, frameCount: frameCount, prev: prev, receivedAt: receivedAt,
            requestsHandled: requests, resumeToken: token)
    }

    /// The next frame behind the header.
    package static func frame(
        _ cursor: inout ByteCursor
    ) throws(EntryError) -> (bytes: UnsafeRawBufferPointer, isBinary: Bool) {
        let word = try cursor.integer(UInt32.self, "frame length")
        return (try cursor.take(Int(word & ~binaryFlag), "frame"), word & binaryFlag != 0)
    }
}
