import NIOCore

/// Writes frames (RFC 6455 §5.2). Messages leave unfragmented.
enum FrameEncoder {
    /// Appends a frame; masked when there is a key.
    static func append(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isCompressed: Bool = false, mask: MaskingKey? = nil,
        to buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: payload.count + FrameHeader.maximumSize)
        appendHeader(
            opcode, payloadLength: payload.count, isCompressed: isCompressed, isMasked: mask != nil, to: &buffer)
        guard let mask else {
            buffer.writeBytes(payload)
            return
        }
        buffer.writeInteger(mask.littleEndianBits, endianness: .little)
        let start = buffer.writerIndex - buffer.readerIndex
        buffer.writeBytes(payload)
        buffer.withUnsafeMutableReadableBytes { all in
            mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: all[start...]), at: 0)
        }
    }

    /// Appends what stands before a payload, without the key of a masked one.
    static func appendHeader(
        _ opcode: Opcode, payloadLength: Int, isCompressed: Bool = false, isMasked: Bool = false,
        to buffer: inout ByteBuffer
    ) {
        buffer.writeInteger(0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        let masked: UInt8 = isMasked ? 0x80 : 0
        switch payloadLength {
        case ...125:
            buffer.writeInteger(masked | UInt8(payloadLength))
        case ...0xFFFF:
            buffer.writeInteger(masked | 126)
            buffer.writeInteger(UInt16(payloadLength))
        default:
            buffer.writeInteger(masked | 127)
            buffer.writeInteger(UInt64(payloadLength))
        }
    }

    /// A frame of its own.
    static func frame(
        _ opcode: Opcode, _ payload: [UInt8] = [], isCompressed: Bool = false, mask: MaskingKey? = nil
    ) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + FrameHeader.maximumSize)
        payload.withUnsafeBytes { append(opcode, $0, isCompressed: isCompressed, mask: mask, to: &buffer) }
        return buffer
    }
}
