import NIOCore

/// Writes frames (RFC 6455 §5.2). Messages leave unfragmented.
enum FrameEncoder {
    /// Appends a frame; masked when there is a key.
    static func append(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isCompressed: Bool = false, mask: MaskingKey? = nil,
        to buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: payload.count + FrameHeader.maximumSize)
        buffer.writeInteger(0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ...125:
            buffer.writeInteger(masked | UInt8(payload.count))
        case ...0xFFFF:
            buffer.writeInteger(masked | 126)
            buffer.writeInteger(UInt16(payload.count))
        default:
            buffer.writeInteger(masked | 127)
            buffer.writeInteger(UInt64(payload.count))
        }
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

    /// A frame of its own.
    static func frame(
        _ opcode: Opcode, _ payload: [UInt8] = [], isCompressed: Bool = false, mask: MaskingKey? = nil
    ) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + FrameHeader.maximumSize)
        payload.withUnsafeBytes { append(opcode, $0, isCompressed: isCompressed, mask: mask, to: &buffer) }
        return buffer
    }
}
