import Crypto
import Glibc

/// Where an export goes: a file that appears whole under its name or not at all, or standard output. Gathers small pieces,
/// compresses them if asked to, and keeps nothing else.
///
/// Used by one thread, from beginning to end.
package final class ExportSink {
    /// What was written.
    package struct Summary: Sendable, Equatable {
        /// As stored, after compression.
        package let bytes: Int64
        /// SHA-256 of the stored bytes, in hexadecimal.
        package let checksum: String
    }

    private let path: String?
    private let file: PartialFile?
    private let gzip: GzipStream?
    private var buffer: [UInt8] = []
    private var hash = SHA256()
    /// Bytes stored so far.
    package private(set) var storedBytes: Int64 = 0

    private static let bufferBytes = 256 << 10

    /// - Parameter path: nil writes to standard output.
    package init(path: String?, gzip: Bool) throws {
        self.path = path
        file = try path.map { try PartialFile($0) }
        self.gzip = gzip ? try GzipStream() : nil
        buffer.reserveCapacity(Self.bufferBytes + 65_536)
    }

    /// Throws `CancellationError` if the task was cancelled while the output took nothing.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try drain() }
    }

    /// Writes the rest, and gives the file its name when all of it is on disk.
    ///
    /// - Parameter keepingOthers: a file of that name is replaced only if it has the same bytes.
    /// - Throws: `ExportError.occupied` for another file, which is left as it is.
    package func finish(keepingOthers: Bool = false) throws -> Summary {
        try drain()
        try gzip?.finish { try store($0) }
        let summary = Summary(bytes: storedBytes, checksum: hash.finalize().hexadecimal)
        if keepingOthers, let path, access(path, F_OK) == 0, try FileChecksum.sha256(of: path) != summary.checksum {
            throw ExportError.occupied(path: path)
        }
        try file?.commit()
        return summary
    }

    private func drain() throws {
        if let gzip {
            try gzip.write(buffer) { try store($0) }
        } else {
            try store(buffer)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func store(_ bytes: [UInt8]) throws {
        hash.update(data: bytes)
        storedBytes += Int64(bytes.count)
        if let file { try file.write(bytes) } else { try StandardOutputDescriptor.write(bytes) }
    }
}

/// Standard output as a descriptor: a reader may be slow, stop reading or go away.
private enum StandardOutputDescriptor {
    /// What a pipe takes without blocking once it says that it is ready.
    private static let pieceBytes = 4_096

    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&descriptor, 1, 200)
            if Task.isCancelled { throw CancellationError() }
            guard ready > 0 else { continue }
            let count = rest.prefix(pieceBytes).withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                throw ExportError.readerGone
            } else if errno != EINTR && errno != EAGAIN {
                throw ExportError.file("written", path: "standard output", reason: String(cString: strerror(errno)))
            }
        }
    }
}
