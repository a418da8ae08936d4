package import NIOCore

/// Encodes a server's frames once, to be written to many peers.
package enum WebSocketFrame {
    /// An unmasked text frame.
    package static func text(_ text: String) -> ByteBuffer {
        var text = text
        return text.withUTF8 { Self.text(UnsafeRawBufferPointer($0)) }
    }

    /// An unmasked text frame around bytes that are valid UTF-8.
    package static func text(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer { frame(.text, bytes) }

    /// An unmasked binary frame.
    package static func binary(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer { frame(.binary, bytes) }

    /// Appends an unmasked text frame, so that many frames can share one buffer.
    package static func appendText(_ bytes: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
        FrameEncoder.append(.text, bytes, to: &buffer)
    }

    /// Appends an unmasked binary frame.
    package static func appendBinary(_ bytes: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
        FrameEncoder.append(.binary, bytes, to: &buffer)
    }

    /// An unmasked text frame around pieces of one message.
    package static func text(joining pieces: [ByteBuffer]) -> ByteBuffer {
        let count = pieces.reduce(0) { $0 + $1.readableBytes }
        var buffer = ByteBufferAllocator().buffer(capacity: count + FrameHeader.maximumSize)
        FrameEncoder.appendHeader(.text, payloadLength: count, to: &buffer)
        for piece in pieces { buffer.writeImmutableBuffer(piece) }
        return buffer
    }

    /// What is inside an unmasked frame; nil if it is none.
    package static func payload(of frame: ByteBuffer) -> ByteBuffer? {
        frame.withUnsafeReadableBytes { bytes -> Range<Int>? in
            guard bytes.count >= 2, case let size = FrameHeader.size(second: bytes[1]), bytes.count >= size,
                let header = try? FrameHeader(UnsafeRawBufferPointer(rebasing: bytes[..<size])), header.mask == nil,
                header.payloadLength <= bytes.count - size
            else { return nil }
            return size..<size + header.payloadLength
        }.flatMap { frame.getSlice(at: frame.readerIndex + $0.lowerBound, length: $0.count) }
    }

    private static func frame(_ opcode: Opcode, _ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count + FrameHeader.maximumSize)
        FrameEncoder.append(opcode, bytes, to: &buffer)
        return buffer
    }
}
