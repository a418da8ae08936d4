/// A message of which not all frames, or not all bytes, are there yet.
struct PartialMessage: Sendable {
    let isBinary: Bool
    let isCompressed: Bool
    /// What arrived, unmasked, still compressed; only the prefix when the message is being discarded.
    private(set) var bytes: [UInt8] = []
    /// What arrived in all.
    private(set) var byteCount = 0
    /// Over the limit: its bytes are counted and dropped.
    private(set) var isDiscarded = false
    private var validator = UTF8Validator()

    init(isBinary: Bool, isCompressed: Bool) {
        self.isBinary = isBinary
        self.isCompressed = isCompressed
    }

    /// Keeps no more than the prefix from now on.
    mutating func discard() {
        isDiscarded = true
        bytes = Array(bytes.prefix(DiscardedMessage.prefixBytes))
    }

    /// Makes room for a frame of `length`, but never on the sender's word for more than a megabyte at a time.
    mutating func reserve(_ length: Int) {
        guard !isDiscarded, bytes.isEmpty else { return }
        bytes.reserveCapacity(min(length, 1 << 20))
    }

    /// Takes the next bytes of the payload, which stand at `offset` in their frame; false when text turns out invalid.
    mutating func append(_ piece: UnsafeRawBufferPointer, mask: MaskingKey?, at offset: Int) -> Bool {
        byteCount += piece.count
        let room = isDiscarded ? max(0, DiscardedMessage.prefixBytes - bytes.count) : piece.count
        let start = bytes.count
        bytes.append(contentsOf: piece.prefix(room))
        return bytes.withUnsafeMutableBytes { all in
            let added = UnsafeMutableRawBufferPointer(rebasing: all[start...])
            mask?.apply(to: added, at: offset)
            guard !isBinary, !isCompressed, !isDiscarded else { return true }
            return validator.accepts(UnsafeRawBufferPointer(added))
        }
    }

    /// Whether the text may end here.
    var isCompleteText: Bool { validator.isAtBoundary }
}
