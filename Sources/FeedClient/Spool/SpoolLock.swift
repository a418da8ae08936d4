import Foundation

/// The right to a spool's folder: an advisory lock (flock) that ends with the process, however that ends.
final class SpoolLock {
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    static func take(_ path: String) throws(SpoolError) -> SpoolLock {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("create", path: path) }
        // From here on the object closes it, once: an initializer that threw would have run `deinit` as well.
        let lock = SpoolLock(path: path, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .system(operation: "lock", path: path, reason: "another process uses this spool")
        }
        return lock
    }
}
