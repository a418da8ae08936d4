import CZlib

/// Compresses blocks of a recording. Members behind each other are a gzip file (RFC 1952 §2.2), so that a file is whole
/// after every block, whatever happens to its writer.
enum GzipMember {
    /// One gzip member with all of `block`; nil when zlib has no memory.
    static func compress(_ block: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 16 more than the window's bits ask for gzip's head and tail.
        let status = deflateInit2_(
            &stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var input = block
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(block.count))))
        let end = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard end == Z_STREAM_END else { return nil }
        output.removeLast(Int(stream.avail_out))
        return output
    }
}
