import CZlib

/// Inflates the messages of one direction (RFC 7692 §7.2.2). Not thread-safe: one connection owns it.
final class MessageInflater {
    private let windowBits: Int
    private let keepsWindow: Bool
    /// On the heap because zlib keeps a pointer back to it. Nil between messages when the window is not kept.
    private var stream: UnsafeMutablePointer<z_stream>?

    init(windowBits: Int, keepsWindow: Bool) {
        self.windowBits = windowBits
        self.keepsWindow = keepsWindow
    }

    deinit { release() }

    /// Inflates one message; refuses to produce more than `limit` bytes, however small `compressed` is.
    func inflate(_ compressed: [UInt8], limit: Int) throws(ProtocolViolation) -> [UInt8] {
        let stream = try opened()
        defer { if !keepsWindow { release() } }
        // The sender cut off this end of an empty stored block.
        var input = compressed + [0x00, 0x00, 0xFF, 0xFF]
        var output: [UInt8] = []
        let failure = input.withUnsafeMutableBufferPointer { input -> ProtocolViolation? in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                let status = stream.appendOutput(to: &output) { CZlib.inflate($0, Z_SYNC_FLUSH) }
                // A sender may end the deflate stream with a message; what follows continues with the same window.
                let isOver = status == Z_STREAM_END && inflateResetKeep(stream) == Z_OK
                guard status == Z_OK || status == Z_BUF_ERROR || isOver else { return .invalidCompression }
                if output.count > limit { return .tooBig }
            } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
            return nil
        }
        if let failure { throw failure }
        return output
    }

    private func opened() throws(ProtocolViolation) -> UnsafeMutablePointer<z_stream> {
        if let stream { return stream }
        let fresh = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        fresh.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(fresh, Int32(-windowBits), ZLIB_VERSION, size) == Z_OK else {
            fresh.deallocate()
            throw ProtocolViolation("no memory to inflate", code: .internalError)
        }
        stream = fresh
        return fresh
    }

    private func release() {
        guard let stream else { return }
        inflateEnd(stream)
        stream.deallocate()
        self.stream = nil
    }
}

/// Compresses the messages of one direction (RFC 7692 §7.2.1). Not thread-safe: one connection owns it.
final class MessageDeflater {
    private let windowBits: Int
    private let keepsWindow: Bool
    private let keepsMemory: Bool
    private var stream: UnsafeMutablePointer<z_stream>?

    /// - Parameter keepsMemory: whether what zlib needs stays allocated between messages even where the window does not count.
    init(windowBits: Int, keepsWindow: Bool, keepsMemory: Bool = false) {
        self.windowBits = windowBits
        self.keepsWindow = keepsWindow
        self.keepsMemory = keepsMemory
    }

    deinit { release() }

    /// The compressed form of one message; nil when zlib has no memory, and the message goes out as it is.
    func deflate(_ message: UnsafeRawBufferPointer) -> [UInt8]? {
        // zlib writes nothing when it flushes twice without input between; this is the empty message of §7.2.3.6.
        guard !message.isEmpty else { return [0x00] }
        guard let stream = opened() else { return nil }
        defer { if !keepsWindow { forget() } }
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: message.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(message.count)
        var output: [UInt8] = []
        repeat {
            let status = stream.appendOutput(to: &output) { CZlib.deflate($0, Z_SYNC_FLUSH) }
            guard status == Z_OK || status == Z_BUF_ERROR else { return nil }
        } while stream.pointee.avail_out == 0
        output.removeLast(min(4, output.count))
        return output
    }

    private func opened() -> UnsafeMutablePointer<z_stream>? {
        if let stream { return stream }
        let fresh = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        fresh.initialize(to: z_stream())
        let status = deflateInit2_(
            fresh, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Int32(-windowBits), 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            fresh.deallocate()
            return nil
        }
        stream = fresh
        return fresh
    }

    private func forget() {
        guard keepsMemory, let stream, deflateReset(stream) == Z_OK else { return release() }
    }

    private func release() {
        guard let stream else { return }
        deflateEnd(stream)
        stream.deallocate()
        self.stream = nil
    }
}

extension UnsafeMutablePointer<z_stream> {
    /// Runs zlib once and appends what it produces, at most `outputBytes`; returns its status.
    fileprivate func appendOutput(
        to output: inout [UInt8], _ run: (UnsafeMutablePointer<z_stream>) -> Int32
    ) -> Int32 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.outputBytes) { piece in
            pointee.next_out = piece.baseAddress
            pointee.avail_out = UInt32(piece.count)
            let status = run(self)
            output.append(contentsOf: piece.prefix(piece.count - Int(pointee.avail_out)))
            return status
        }
    }

    private static var outputBytes: Int { 16 * 1024 }
}

extension ProtocolViolation {
    static var invalidCompression: ProtocolViolation {
        ProtocolViolation("invalid compressed data", code: .invalidPayload)
    }
}
