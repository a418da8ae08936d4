import Foundation

/// The right to a spool's folder: an advisory lock (flock) that ends with the process, however that ends.
final class SpoolLock {
    let path: String
    private let descriptor: Int32

    init(path: String) throws(SpoolError) {
        self.path = path
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("create", path: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .system(operation: "lock", path: path, reason: "another process uses this spool")
        }
    }

    deinit { close(descriptor) }
}
