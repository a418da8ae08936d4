package import NIOCore

/// Compresses frames once, for all peers with `acceptsCompressedFrames`. One task or event loop uses it.
package final class CompressedFrames {
    private let deflater = MessageDeflater(windowBits: 15, keepsWindow: false)

    package init() {}

    /// A compressed text frame; uncompressed when that is no shorter.
    package func text(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        guard let compressed = deflater.deflate(bytes), compressed.count < bytes.count else {
            return WebSocketFrame.text(bytes)
        }
        return FrameEncoder.frame(.text, compressed, isCompressed: true)
    }
}
