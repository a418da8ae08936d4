import CZlib

/// Compresses bytes as they come into one gzip member, in constant memory.
final class GzipStream {
    /// zlib keeps the address of its state: it must not move.
    private let state: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 64 << 10)

    init() throws(ExportError) {
        state = .allocate(capacity: 1)
        state.initialize(to: z_stream())
        // 16 more than the window's bits ask for gzip's head and tail.
        let status = deflateInit2_(
            state, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .compression("zlib has no memory") }
    }

    deinit {
        deflateEnd(state)
        state.deallocate()
    }

    /// Takes bytes; `emit` gets what is ready of the compressed ones.
    func write(_ bytes: [UInt8], _ emit: ([UInt8]) throws -> Void) throws {
        try deflate(bytes, Z_NO_FLUSH, emit)
    }

    /// The rest and the tail. Nothing may be written afterwards.
    func finish(_ emit: ([UInt8]) throws -> Void) throws { try deflate([], Z_FINISH, emit) }

    private func deflate(_ bytes: [UInt8], _ flush: Int32, _ emit: ([UInt8]) throws -> Void) throws {
        var input = bytes
        try input.withUnsafeMutableBufferPointer { input in
            state.pointee.next_in = input.baseAddress
            state.pointee.avail_in = UInt32(input.count)
            var isDone = false
            while !isDone {
                let (status, count) = step(flush)
                guard status >= Z_OK || status == Z_BUF_ERROR else {
                    throw ExportError.compression("zlib says \(status)")
                }
                if count > 0 { try emit(Array(output[..<count])) }
                isDone = flush == Z_FINISH ? status == Z_STREAM_END : count < output.count
            }
            state.pointee.next_in = nil
        }
    }

    private func step(_ flush: Int32) -> (status: Int32, count: Int) {
        output.withUnsafeMutableBufferPointer { buffer in
            state.pointee.next_out = buffer.baseAddress
            state.pointee.avail_out = UInt32(buffer.count)
            let status = CZlib.deflate(state, flush)
            return (status, buffer.count - Int(state.pointee.avail_out))
        }
    }
}
