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

    private static func frame(_ opcode: Opcode, _ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count + FrameHeader.maximumSize)
        FrameEncoder.append(opcode, bytes, to: &buffer)
        return buffer
    }
}
