@testable import WebSocketTransport

/// Everything that a decoder made of some bytes, in comparable form.
struct Decoded: Equatable {
    var messages: [[UInt8]] = []
    var binaryFlags: [Bool] = []
    var signals: [FrameDecoder.Signal] = []
    var discarded: [DiscardedMessage] = []

    var texts: [String] { messages.map { String(decoding: $0, as: UTF8.self) } }

    var violation: ProtocolViolation? {
        if case .violation(let violation) = signals.last { violation } else { nil }
    }
}

/// Feeds `bytes` to a fresh decoder in pieces of the given sizes; the last size repeats.
func decode(
    _ bytes: [UInt8], pieces: [Int] = [Int.max], expectsMask: Bool = false, limit: Int = 1 << 20,
    oversized: OversizedMessagePolicy = .close, inflater: MessageInflater? = nil
) -> Decoded {
    let rules = FrameDecoder.Rules(expectsMask: expectsMask, maximumMessageBytes: limit, oversized: oversized)
    var decoder = FrameDecoder(rules: rules, inflater: inflater)
    var batch = MessageBatch()
    var result = Decoded()
    var rest = bytes[...]
    var sizes = pieces.makeIterator()
    var size = Int.max
    while !rest.isEmpty {
        size = sizes.next() ?? size
        let piece = Array(rest.prefix(size))
        rest = rest.dropFirst(piece.count)
        piece.withUnsafeBytes { input in
            var offset = 0
            while true {
                let signal = decoder.decode(input, from: &offset, into: &batch)
                if signal == .exhausted { break }
                result.signals.append(signal)
            }
        }
    }
    batch.forEachMessage { message, isBinary in
        result.messages.append(Array(message))
        result.binaryFlags.append(isBinary)
    }
    result.discarded = batch.discarded
    return result
}
