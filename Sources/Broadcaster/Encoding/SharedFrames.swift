import NIOCore
import WebSocketTransport

/// One message that connections share, or several that leave together, in every form that connections take. A form is made
/// when the first connection asks for it, and then written by reference.
///
/// Bound to one event loop.
final class SharedFrames {
    /// What it is made of; empty if it is one message.
    private let parts: [SharedFrames]
    /// What an event says beside the message.
    private let cursor: String?
    private var frames: ByteBuffer?
    private var compressedFrames: ByteBuffer?
    private var events: ByteBuffer?
    /// As WebSocket frames.
    let byteCount: Int

    /// - Parameters:
    ///   - frame: one WebSocket text frame.
    ///   - cursor: what the message says that its receivers have reached.
    init(_ frame: ByteBuffer, cursor: String? = nil) {
        parts = []
        self.cursor = cursor
        frames = frame
        byteCount = frame.readableBytes
    }

    init(_ message: JSONBytes, cursor: String? = nil) {
        let frame = message.bytes.withUnsafeBytes { WebSocketFrame.text($0) }
        parts = []
        self.cursor = cursor
        frames = frame
        byteCount = frame.readableBytes
    }

    /// Messages in one buffer, so that they cost a connection one write.
    init(joining parts: [SharedFrames]) {
        self.parts = parts
        cursor = nil
        byteCount = parts.reduce(0) { $0 + $1.byteCount }
    }

    /// The same buffer for everyone who asks for the same form.
    func bytes(_ form: WireForm) -> ByteBuffer {
        switch form {
        case .frames:
            if let frames { return frames }
            let made = joined(form)
            frames = made
            return made
        case .compressedFrames(let compressor):
            if let compressedFrames { return compressedFrames }
            let made = parts.isEmpty ? compressed(by: compressor) : joined(form)
            compressedFrames = made
            return made
        case .events:
            if let events { return events }
            let made = parts.isEmpty ? event : joined(form)
            events = made
            return made
        }
    }

    private func joined(_ form: WireForm) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(parts.reduce(0) { $0 + $1.bytes(form).readableBytes })
        for part in parts { buffer.writeImmutableBuffer(part.bytes(form)) }
        return buffer
    }

    /// What is inside the frame of one message.
    private var payload: ByteBuffer { frames.flatMap { WebSocketFrame.payload(of: $0) } ?? ByteBuffer() }

    private var event: ByteBuffer { EventStreamFormat.event([payload], cursor: cursor) }

    /// The frame itself where compression gains nothing.
    private func compressed(by compressor: CompressedFrames) -> ByteBuffer {
        payload.withUnsafeReadableBytes { compressor.shorter($0) } ?? bytes(.frames)
    }
}
