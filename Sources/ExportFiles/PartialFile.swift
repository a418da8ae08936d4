import Glibc

/// A file under a temporary name beside its own, which it takes when it is complete; gone if it never is.
package final class PartialFile {
    private let path: String
    private let temporary: String
    private var descriptor: Int32

    /// Makes the file under its temporary name.
    package init(_ path: String) throws(ExportError) {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("made", temporary) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(ExportError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Self.failure("written", temporary)
            }
        }
    }

    /// The name follows the bytes to the disk, and the folder follows the name.
    package func commit() throws(ExportError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("brought to disk", temporary) }
        guard close(descriptor) == 0 else { throw Self.failure("closed", temporary) }
        descriptor = -1
        guard rename(temporary, path) == 0 else {
            let failure = Self.failure("renamed to \(path)", temporary)
            unlink(temporary)
            throw failure
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.failure("brought to disk", folder) }
    }

    private static func failure(_ what: String, _ path: String) -> ExportError {
        .file(what, path: path, reason: String(cString: strerror(errno)))
    }
}
