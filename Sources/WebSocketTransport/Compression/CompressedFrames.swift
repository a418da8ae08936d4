package import NIOCore

/// Compresses frames once, for all peers with `acceptsCompressedFrames`. One task or event loop uses it.
package final class CompressedFrames {
    /// Many frames a turn: zlib's memory, some 270 KB, is kept from one to the next, once there was a first.
    private let deflater = MessageDeflater(windowBits: 15, keepsWindow: false, keepsMemory: true)

    package init() {}

    /// A compressed text frame; uncompressed when that is no shorter.
    package func text(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer { shorter(bytes) ?? WebSocketFrame.text(bytes) }

    /// A compressed text frame; nil when that is no shorter.
    package func shorter(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer? {
        guard let compressed = deflater.deflate(bytes), compressed.count < bytes.count else { return nil }
        return FrameEncoder.frame(.text, compressed, isCompressed: true)
    }
}
