/// Turns the bytes of one direction into whole messages and control frames (RFC 6455 §5): a state machine without I/O.
///
/// Messages go into the batch; `decode` returns at each control frame, so that its caller can answer in order. Whole,
/// unmasked, unfragmented messages, which is what a feed sends, take a path without state.
struct FrameDecoder {
    /// What is allowed on this connection.
    struct Rules: Sendable {
        /// A server's frames must be unmasked and a client's masked.
        var expectsMask: Bool
        var maximumMessageBytes: Int
        var oversized: OversizedMessagePolicy = .close
    }

    /// Why `decode` returned.
    enum Signal: Sendable, Hashable {
        /// All input is consumed.
        case exhausted
        case ping([UInt8])
        case pong([UInt8])
        /// Nil when the frame had no code. Everything after it is ignored.
        case close(CloseReason?)
        /// The connection must be failed. Everything after it is ignored.
        case violation(ProtocolViolation)
    }

    private enum Phase {
        case header
        /// `remaining` bytes of this frame's payload are to come.
        case payload(FrameHeader, remaining: Int)
        case ended
    }

    let rules: Rules
    private let inflater: MessageInflater?
    private var phase = Phase.header
    /// The start of a header of which the rest has not arrived.
    private var partialHeader: [UInt8] = []
    private var message: PartialMessage?
    private var control: [UInt8] = []

    /// `inflater` when permessage-deflate was negotiated.
    init(rules: Rules, inflater: MessageInflater? = nil) {
        self.rules = rules
        self.inflater = inflater
    }

    /// Consumes `input` from `offset` on until it is exhausted or something has to be answered.
    mutating func decode(
        _ input: UnsafeRawBufferPointer, from offset: inout Int, into batch: inout MessageBatch
    ) -> Signal {
        do {
            while true {
                switch phase {
                case .header:
                    if message == nil, partialHeader.isEmpty, !rules.expectsMask {
                        try takeWholeMessages(input, &offset, &batch)
                    }
                    guard let header = try takeHeader(input, &offset) else { return .exhausted }
                    try begin(header)
                case .payload(let header, let remaining):
                    let taken = min(remaining, input.count - offset)
                    try take(UnsafeRawBufferPointer(rebasing: input[offset..<offset + taken]), header, remaining)
                    offset += taken
                    guard taken == remaining else {
                        phase = .payload(header, remaining: remaining - taken)
                        return .exhausted
                    }
                    phase = .header
                    if let signal = try finish(header, &batch) { return signal }
                case .ended:
                    offset = input.count
                    return .exhausted
                }
            }
        } catch {
            end()
            return .violation(error)
        }
    }

    private mutating func end() {
        phase = .ended
        message = nil
        control = []
    }
}

// MARK: - The fast path

extension FrameDecoder {
    /// Takes messages for as long as they are whole, unfragmented, unmasked and uncompressed.
    private func takeWholeMessages(
        _ input: UnsafeRawBufferPointer, _ offset: inout Int, _ batch: inout MessageBatch
    ) throws(ProtocolViolation) {
        guard let base = input.baseAddress else { return }
        while input.count - offset >= 4 {
            // FIN with text or binary and no reserved bit; anything else is for the careful path.
            let first = base.load(fromByteOffset: offset, as: UInt8.self)
            guard first == 0x81 || first == 0x82 else { return }
            let second = base.load(fromByteOffset: offset + 1, as: UInt8.self)
            var start = offset + 2
            var length = Int(second)
            if second == 126 {
                length = Int(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: start, as: UInt16.self)))
                guard length > 125 else { return }
                start += 2
            } else if second > 126 {
                return
            }
            guard length <= input.count - start, length <= rules.maximumMessageBytes else { return }
            let payload = UnsafeRawBufferPointer(start: base + start, count: length)
            if first == 0x81, !UTF8Validator.isValid(payload) { throw .invalidText }
            batch.append(payload, isBinary: first == 0x82)
            offset = start + length
        }
    }
}

// MARK: - Frame by frame

extension FrameDecoder {
    /// The next header, nil when the input ends before its end.
    private mutating func takeHeader(
        _ input: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(ProtocolViolation) -> FrameHeader? {
        if partialHeader.isEmpty, input.count - offset >= FrameHeader.maximumSize {
            let size = FrameHeader.size(second: input[offset + 1])
            defer { offset += size }
            return try FrameHeader(UnsafeRawBufferPointer(rebasing: input[offset..<offset + size]))
        }
        while offset < input.count {
            partialHeader.append(input[offset])
            offset += 1
            guard partialHeader.count >= 2, partialHeader.count == FrameHeader.size(second: partialHeader[1]) else {
                continue
            }
            defer { partialHeader = [] }
            return try partialHeader.withUnsafeBufferPointer { (bytes) throws(ProtocolViolation) in
                try FrameHeader(UnsafeRawBufferPointer(bytes))
            }
        }
        return nil
    }

    /// Checks a header against the frames before it and begins its payload.
    private mutating func begin(_ header: FrameHeader) throws(ProtocolViolation) {
        guard (header.mask != nil) == rules.expectsMask else {
            throw ProtocolViolation(rules.expectsMask ? "frame not masked" : "frame masked")
        }
        phase = .payload(header, remaining: header.payloadLength)
        switch header.opcode {
        case .text, .binary:
            guard message == nil else { throw ProtocolViolation("message begins inside another") }
            guard !header.isCompressed || inflater != nil else { throw ProtocolViolation("reserved bit set") }
            message = PartialMessage(isBinary: header.opcode == .binary, isCompressed: header.isCompressed)
            try admit(header)
        case .continuation:
            guard message != nil else { throw ProtocolViolation("continuation of nothing") }
            guard !header.isCompressed else { throw ProtocolViolation("reserved bit set") }
            try admit(header)
        case .close, .ping, .pong:
            control.removeAll(keepingCapacity: true)
        }
    }

    /// Applies the limit before a byte of the payload is stored.
    private mutating func admit(_ header: FrameHeader) throws(ProtocolViolation) {
        guard let arrived = message?.byteCount else { return }
        if header.payloadLength <= rules.maximumMessageBytes - arrived {
            message?.reserve(header.payloadLength)
        } else if rules.oversized == .discard, message?.isCompressed == false {
            message?.discard()
        } else {
            // A compressed message cannot be skipped: the sender's window would no longer be ours.
            throw .tooBig
        }
    }

    private mutating func take(
        _ piece: UnsafeRawBufferPointer, _ header: FrameHeader, _ remaining: Int
    ) throws(ProtocolViolation) {
        guard !piece.isEmpty else { return }
        let position = header.payloadLength - remaining
        if header.opcode.isControl {
            let start = control.count
            control.append(contentsOf: piece)
            control.withUnsafeMutableBytes { all in
                header.mask?.apply(to: UnsafeMutableRawBufferPointer(rebasing: all[start...]), at: position)
            }
        } else if message?.append(piece, mask: header.mask, at: position) == false {
            throw .invalidText
        }
    }

    /// Acts on a whole frame.
    private mutating func finish(
        _ header: FrameHeader, _ batch: inout MessageBatch
    ) throws(ProtocolViolation) -> Signal? {
        switch header.opcode {
        case .ping: return .ping(control)
        case .pong: return .pong(control)
        case .close:
            let reason = try ClosePayload.decode(control)
            end()
            return .close(reason)
        case .continuation, .text, .binary:
            guard header.isFinal, let whole = message else { return nil }
            message = nil
            try deliver(whole, &batch)
            return nil
        }
    }

    private func deliver(_ whole: consuming PartialMessage, _ batch: inout MessageBatch) throws(ProtocolViolation) {
        if whole.isDiscarded {
            batch.discarded.append(
                DiscardedMessage(
                    messageIndex: batch.messageCount, byteCount: whole.byteCount, isBinary: whole.isBinary,
                    prefix: whole.bytes))
        } else if whole.isCompressed, let inflater {
            let inflated = try inflater.inflate(whole.bytes, limit: rules.maximumMessageBytes)
            guard whole.isBinary || inflated.withUnsafeBytes(UTF8Validator.isValid) else { throw .invalidText }
            inflated.withUnsafeBytes { batch.append($0, isBinary: whole.isBinary) }
        } else {
            guard whole.isBinary || whole.isCompleteText else { throw .invalidText }
            whole.bytes.withUnsafeBytes { batch.append($0, isBinary: whole.isBinary) }
        }
    }
}

extension ProtocolViolation {
    static var invalidText: ProtocolViolation { ProtocolViolation("invalid UTF-8", code: .invalidPayload) }
    static var tooBig: ProtocolViolation { ProtocolViolation("message too big", code: .messageTooBig) }
}
