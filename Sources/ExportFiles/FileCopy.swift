import Crypto
import Glibc

/// Copies a file into another folder: under its name there it is whole, on disk and read back, or not there at all. What an
/// interrupted attempt has written is gone on with.
package struct FileCopy: Sendable {
    /// What became of a file.
    package struct Result: Sendable, Equatable {
        package let path: String
        package let bytes: Int64
        /// SHA-256 in hexadecimal.
        package let sha256: String
        /// Bytes that were written; fewer than all if an earlier attempt had begun, 0 if the same file was there already.
        package var written: Int64 = 0
        package var isNew = false
    }

    private let source: String
    private let target: String

    package init(from source: String, to target: String) {
        self.source = source
        self.target = target
    }

    /// How the names of checksums end.
    package static let noteSuffix = ".sha256"
    private static let pieceBytes = 1 << 20

    /// Copies the file and puts its checksum beside it, as `sha256sum -c` reads it.
    ///
    /// - Parameters:
    ///   - expected: the file's SHA-256, if somebody knows; another file is not copied.
    ///   - replacing: whether another file may have the name.
    /// - Throws: `ExportError`; `CancellationError` between two pieces.
    package func run(expected: String? = nil, replacing: Bool = false) throws -> Result {
        let result = try isThere(expected, replacing) ?? copy(expected, replacing)
        let note = try ExportSink(path: target + Self.noteSuffix, gzip: false)
        try Array("\(result.sha256)  \(Self.name(of: target))\n".utf8).withUnsafeBytes { try note.write($0) }
        _ = try note.finish()
        return result
    }

    private func isThere(_ expected: String?, _ replacing: Bool) throws -> Result? {
        guard access(target, F_OK) == 0 else { return nil }
        // Whoever removes what is kept elsewhere would remove the only one.
        guard try OpenFile(source).identity() != OpenFile(target).identity() else {
            throw ExportError.file("copied", path: source, reason: "it is in that folder already")
        }
        let sum = try FileChecksum.sha256(of: source)
        if let expected, sum != expected { throw ExportError.changed(path: source) }
        guard try FileChecksum.sha256(of: target) == sum else {
            if replacing { return nil }
            throw ExportError.occupied(path: target)
        }
        return Result(path: target, bytes: try OpenFile(source).facts().bytes, sha256: sum)
    }

    // MARK: Copying

    /// Hidden, and of a kind that no command takes for a file of its own.
    private var temporary: String { "\(Self.folder(of: target)).\(Self.name(of: target)).part" }

    private func copy(_ expected: String?, _ replacing: Bool) throws -> Result {
        // Killed between giving it its name and taking this one away, an earlier attempt left both: to write on would be to
        // write into what is whole.
        if access(target, F_OK) == 0, access(temporary, F_OK) == 0,
            try OpenFile(target).identity() == OpenFile(temporary).identity()
        {
            unlink(temporary)
        }
        let to = try OpenFile(making: temporary)
        // Another copy may have given the file its name between our opening and our locking it.
        guard try to.lock(), try OpenFile(making: temporary).identity() == to.identity() else {
            throw ExportError.file("written", path: target, reason: "another copy of it is under way")
        }
        // The lock ends with the descriptor: it lives until the file has its name.
        return try withExtendedLifetime(to) { try settle(fill(to, expected), replacing) }
    }

    private func fill(_ to: OpenFile, _ expected: String?) throws -> Result {
        let from = try OpenFile(source)
        let facts = try from.facts()
        let begun = try to.facts().bytes
        var (hash, offset, written, isSame) = (SHA256(), Int64(0), Int64(0), true)
        while true {
            try Task.checkCancellation()
            let piece = try from.read(at: offset, Self.pieceBytes)
            if piece.isEmpty { break }
            hash.update(data: piece)
            // As far as it was copied before and is the same, it stays.
            isSame = try isSame && offset + Int64(piece.count) <= begun && to.read(at: offset, piece.count) == piece
            if !isSame {
                try to.write(piece, at: offset)
                written += Int64(piece.count)
            }
            offset += Int64(piece.count)
        }
        try to.finish(at: offset)
        let sum = hash.finalize().hexadecimal
        guard expected ?? sum == sum, offset == facts.bytes, try from.facts() == facts else {
            unlink(temporary)
            throw ExportError.changed(path: source)
        }
        return Result(path: target, bytes: offset, sha256: sum, written: written, isNew: true)
    }

    /// What was written is read back before it takes its name.
    private func settle(_ result: Result, _ replacing: Bool) throws -> Result {
        guard try FileChecksum.sha256(of: temporary) == result.sha256 else {
            unlink(temporary)
            throw ExportError.damaged(path: target)
        }
        try giveName(replacing)
        try OpenFile(Self.folder(of: target)).synchronize()
        return result
    }

    /// A name that somebody else took meanwhile is left alone; where there are no links nobody can tell.
    private func giveName(_ replacing: Bool) throws {
        if !replacing {
            if link(temporary, target) == 0 {
                unlink(temporary)
                return
            }
            guard errno != EEXIST else { throw ExportError.occupied(path: target) }
        }
        guard rename(temporary, target) == 0 else { throw OpenFile.failure("renamed to \(target)", temporary) }
    }

    private static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    }

    /// With its slash; empty for the working directory.
    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
    }
}

/// A descriptor that is closed when nobody needs it.
private final class OpenFile {
    struct Facts: Equatable {
        let bytes: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(ExportError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("opened", path) }
    }

    /// Opens a file for reading and writing, with what is in it.
    init(making path: String) throws(ExportError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("made", path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func facts() throws(ExportError) -> Facts {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw Self.failure("read", path) }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw .file("copied", path: path, reason: "it is no file")
        }
        return Facts(
            bytes: Int64(information.st_size), seconds: information.st_mtim.tv_sec,
            nanoseconds: information.st_mtim.tv_nsec)
    }

    /// The same for every name of a file.
    func identity() throws(ExportError) -> [UInt64] {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw Self.failure("read", path) }
        return [UInt64(information.st_dev), UInt64(information.st_ino)]
    }

    /// False if somebody else has the lock; it ends with the descriptor.
    func lock() throws(ExportError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw Self.failure("locked", path) }
        return false
    }

    /// Fewer bytes than asked for at the end of the file only.
    func read(at offset: Int64, _ count: Int) throws(ExportError) -> [UInt8] {
        var problem: ExportError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + filled)
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    problem = Self.failure("read", path)
                    return
                }
            }
        }
        if let problem { throw problem }
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(ExportError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw Self.failure("written", path)
            }
        }
    }

    /// Cuts what an earlier attempt left behind the end, and brings all of it to disk, so that who reads it reads the disk.
    func finish(at size: Int64) throws(ExportError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw Self.failure("written", path) }
        try synchronize()
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    func synchronize() throws(ExportError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("brought to disk", path) }
    }

    static func failure(_ what: String, _ path: String) -> ExportError {
        .file(what, path: path, reason: String(cString: strerror(errno)))
    }
}
