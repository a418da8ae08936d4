import Crypto
import Glibc
import NIOPosix

/// A file that is read in pieces, on the threads that are there to wait for disks.
struct SourceFile: Sendable {
    let path: String
    let bytes: Int64
    /// When it was changed last.
    private let changed: ChangeTime

    private struct ChangeTime: Sendable, Equatable {
        let seconds: Int
        let nanoseconds: Int
    }

    init(_ path: String) throws(ObjectStoreError) {
        var information = stat()
        guard stat(path, &information) == 0 else { throw Self.failure(path) }
        guard information.st_mode & S_IFMT == S_IFREG else { throw .file(path: path, why: "it is no file") }
        self.path = path
        bytes = Int64(information.st_size)
        changed = ChangeTime(seconds: information.st_mtim.tv_sec, nanoseconds: information.st_mtim.tv_nsec)
    }

    /// Whether nobody has written to it since this value was made.
    var isUnchanged: Bool {
        guard let now = try? SourceFile(path) else { return false }
        return now.bytes == bytes && now.changed == changed
    }

    /// Reads the file once, from its beginning to its end.
    func plan(partBytes: Int) async throws -> UploadPlan {
        let size = UploadPlan.partBytes(of: bytes, configured: partBytes)
        var whole = SHA256()
        var parts: [UploadPlan.Part] = []
        repeat {
            try Task.checkCancellation()
            let offset = Int64(parts.count) * Int64(size)
            let count = Int(min(Int64(size), bytes - offset))
            let (digest, hash) = try await NIOThreadPool.singleton.runIfActive { [whole] in
                let piece = try read(offset, count)
                var hash = whole
                hash.update(data: piece)
                return (PartDigest(piece), hash)
            }
            whole = hash
            parts.append(UploadPlan.Part(offset: offset, count: count, digest: digest))
        } while Int64(parts.count) * Int64(size) < bytes
        return UploadPlan(bytes: bytes, sha256: whole.finalize().hexadecimal, parts: parts)
    }

    /// One part's bytes, which must be those of the plan.
    func piece(_ part: UploadPlan.Part) async throws -> [UInt8] {
        let (bytes, digest) = try await NIOThreadPool.singleton.runIfActive {
            let bytes = try read(part.offset, part.count)
            return (bytes, PartDigest(bytes))
        }
        guard digest == part.digest else { throw ObjectStoreError.changed(path: path) }
        return bytes
    }

    private func read(_ offset: Int64, _ count: Int) throws(ObjectStoreError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        var problem: ObjectStoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + filled)
                if read > 0 {
                    filled += read
                } else if read == 0 {
                    problem = .changed(path: path)
                    return
                } else if errno != EINTR {
                    problem = Self.failure(path)
                    return
                }
            }
        }
        if let problem { throw problem }
        return bytes
    }

    private static func failure(_ path: String) -> ObjectStoreError {
        .file(path: path, why: String(cString: strerror(errno)))
    }
}
