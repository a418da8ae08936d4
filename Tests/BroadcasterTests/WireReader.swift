import NIOCore

@testable import Broadcaster
@testable import WebSocketTransport

/// The receiving end of a connection in any form.
struct WireReader {
    private var plain = FrameDecoder(rules: .init(expectsMask: false, maximumMessageBytes: 1 << 24))
    /// Without a window that reaches back, as it is agreed on.
    private var inflating = FrameDecoder(
        rules: .init(expectsMask: false, maximumMessageBytes: 1 << 24),
        inflater: MessageInflater(windowBits: 15, keepsWindow: false))

    /// The messages that whole frames or events hold.
    mutating func texts(_ bytes: ByteBuffer, _ form: WireForm) -> [String] {
        switch form {
        case .frames: Self.messages(&plain, bytes)
        case .compressedFrames: Self.messages(&inflating, bytes)
        case .events: Self.events(bytes).map(\.data)
        }
    }

    private static func messages(_ decoder: inout FrameDecoder, _ bytes: ByteBuffer) -> [String] {
        var batch = MessageBatch()
        var offset = 0
        let signal = bytes.withUnsafeReadableBytes { decoder.decode($0, from: &offset, into: &batch) }
        var texts = signal == .exhausted ? [] : ["\(signal)"]
        batch.forEachMessage { message, _ in texts.append(String(decoding: message, as: UTF8.self)) }
        return texts
    }

    /// What events say, and the identifiers that they set.
    static func events(_ bytes: ByteBuffer) -> [(id: String?, data: String)] {
        String(buffer: bytes).split(separator: "\n\n").map { event in
            func field(_ name: String) -> String? {
                event.split(separator: "\n").first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
            }
            return (field("id: "), field("data: ") ?? "")
        }
    }
}
