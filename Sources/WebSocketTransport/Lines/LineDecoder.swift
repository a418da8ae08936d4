#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns the bytes of one direction into lines, which end with a line feed and mostly a carriage return before it. A state
/// machine without I/O; empty lines are no messages.
///
/// Whole lines, which are most of them, are copied once: from the input into the batch.
struct LineDecoder {
    private let maximumBytes: Int
    /// The beginning of a line of which the end has not arrived.
    private var partial: PartialMessage?
    /// The input ended with a carriage return: whether it belongs to the line, the next byte tells.
    private var holdsReturn = false

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// A line of more than `maximumBytes` is counted, and its bytes are dropped.
    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// Takes all of `input`. Throws when a line is no text; nothing may follow.
    mutating func decode(
        _ input: UnsafeRawBufferPointer, into batch: inout MessageBatch
    ) throws(ProtocolViolation) {
        guard let base = input.baseAddress else { return }
        var start = 0
        while start < input.count, let found = memchr(base + start, Int32(Self.lineFeed), input.count - start) {
            let end = UnsafeRawPointer(found) - base
            let piece = UnsafeRawBufferPointer(start: base + start, count: end - start)
            start = end + 1
            if partial == nil, !holdsReturn {
                try takeWhole(piece, &batch)
            } else {
                try takeEnd(piece, &batch)
            }
        }
        if start < input.count {
            try keep(UnsafeRawBufferPointer(start: base + start, count: input.count - start))
        }
    }

    private func takeWhole(
        _ piece: UnsafeRawBufferPointer, _ batch: inout MessageBatch
    ) throws(ProtocolViolation) {
        let line = Self.withoutReturn(piece)
        guard !line.isEmpty else { return }
        guard line.count <= maximumBytes else {
            batch.discarded.append(Self.trace(Array(line.prefix(DiscardedMessage.prefixBytes)), line.count, batch))
            return
        }
        guard UTF8Validator.isValid(line) else { throw .invalidText }
        batch.append(line, isBinary: false)
    }

    private mutating func takeEnd(
        _ piece: UnsafeRawBufferPointer, _ batch: inout MessageBatch
    ) throws(ProtocolViolation) {
        // A return that was held back and stands right before the line feed is no part of the line.
        if !piece.isEmpty { try releaseReturn() }
        holdsReturn = false
        try append(Self.withoutReturn(piece))
        defer { partial = nil }
        guard let line = partial, line.byteCount > 0 else { return }
        if line.isDiscarded {
            batch.discarded.append(Self.trace(line.bytes, line.byteCount, batch))
        } else {
            guard line.isCompleteText else { throw .invalidText }
            line.bytes.withUnsafeBytes { batch.append($0, isBinary: false) }
        }
    }

    /// Keeps the beginning of a line.
    private mutating func keep(_ piece: UnsafeRawBufferPointer) throws(ProtocolViolation) {
        try releaseReturn()
        let rest = Self.withoutReturn(piece)
        try append(rest)
        holdsReturn = rest.count < piece.count
    }

    private mutating func releaseReturn() throws(ProtocolViolation) {
        guard holdsReturn else { return }
        holdsReturn = false
        let isText = withUnsafeBytes(of: Self.carriageReturn) { partial?.append($0, mask: nil, at: 0) ?? true }
        if !isText { throw .invalidText }
    }

    private mutating func append(_ piece: UnsafeRawBufferPointer) throws(ProtocolViolation) {
        var line = partial ?? PartialMessage(isBinary: false, isCompressed: false)
        partial = nil
        if !line.isDiscarded, line.byteCount + piece.count > maximumBytes { line.discard() }
        guard line.append(piece, mask: nil, at: 0) else { throw .invalidText }
        partial = line
    }

    private static func withoutReturn(_ piece: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        piece.last == carriageReturn ? UnsafeRawBufferPointer(rebasing: piece.dropLast()) : piece
    }

    private static func trace(_ prefix: [UInt8], _ count: Int, _ batch: MessageBatch) -> DiscardedMessage {
        DiscardedMessage(messageIndex: batch.messageCount, byteCount: count, isBinary: false, prefix: prefix)
    }
}
