import FoundationEssentials
import Glibc
import Synchronization

/// A directory that this process owns while its servers run in it.
///
/// A lock on the file `owner` says who uses it; the kernel drops the lock when the owner dies, however it dies. Each server
/// leaves a file `<name>.pid` beside it. Whoever takes the lock next ends the servers that a dead owner left running, and
/// whoever makes a temporary directory first removes those of dead owners.
package struct RunDirectory: Sendable {
    package let path: String
    /// Made by us under `/tmp`, and removed with everything in it at the end.
    package let isTemporary: Bool

    private struct Lock {
        var descriptor: Int32
        var users: Int
    }

    /// The directories this process owns; several servers may share one.
    private static let locks = Mutex<[String: Lock]>([:])

    /// Temporary directories are `/tmp/touchline-<uid>-<random>`: short, because Unix sockets' paths must be.
    private static var temporaryPrefix: String { "touchline-\(geteuid())-" }

    /// Takes the directory at `path`, which is made if needed, or a new temporary one.
    package static func open(_ path: String?) throws(DevServicesError) -> RunDirectory {
        guard let path else {
            sweep()
            return try temporary()
        }
        try SystemFile.makeDirectory(path)
        let resolved = SystemFile.resolved(path)
        guard try lock(resolved) else { throw .directoryInUse(resolved) }
        return RunDirectory(path: resolved, isTemporary: false)
    }

    /// Ends and removes what dead owners left in temporary directories.
    package static func sweep() {
        for name in SystemFile.entries(of: "/tmp") where name.hasPrefix(temporaryPrefix) {
            let path = "/tmp/\(name)"
            guard isAbandoned(path), (try? lock(path)) == true else { continue }
            RunDirectory(path: path, isTemporary: true).release()
        }
    }

    private static func temporary() throws(DevServicesError) -> RunDirectory {
        for _ in 0..<10 {
            var template = Array("/tmp/\(temporaryPrefix)XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw .file("/tmp", reason: SystemFile.lastError) }
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // Servers that run as another user must get through to their own parts.
            chmod(path, 0o755)
            if (try? lock(path)) == true { return RunDirectory(path: path, isTemporary: true) }
            // Between the making of `owner` and its locking, another process took it for abandoned and removes it.
        }
        throw .file("/tmp", reason: "no directory could be made and locked")
    }

    /// Ours by its user, a real directory, and not one that its maker is about to lock.
    private static func isAbandoned(_ path: String) -> Bool {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_uid == geteuid(), facts.st_mode & S_IFMT == S_IFDIR else {
            return false
        }
        return SystemFile.exists("\(path)/owner") || time(nil) - facts.st_mtim.tv_sec > 60
    }

    /// False when another process holds the lock. Taking it anew ends a dead owner's servers.
    private static func lock(_ path: String) throws(DevServicesError) -> Bool {
        let result = locks.withLock { locks -> Result<Bool, DevServicesError> in
            if locks[path] != nil {
                locks[path]?.users += 1
                return .success(true)
            }
            let descriptor = Glibc.open("\(path)/owner", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return .failure(.file("\(path)/owner", reason: SystemFile.lastError)) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                return .success(false)
            }
            locks[path] = Lock(descriptor: descriptor, users: 1)
            LeftoverServer.endAll(in: path)
            return .success(true)
        }
        return try result.get()
    }

    /// A directory inside for one server, which belongs to the user it runs as.
    func part(_ name: String, for user: ServiceUser?) throws(DevServicesError) -> String {
        let part = "\(path)/\(name)"
        try SystemFile.makeDirectory(part)
        if let user {
            try user.checkReach(path)
            guard chown(part, user.id, user.group) == 0 else { throw .file(part, reason: SystemFile.lastError) }
        }
        return part
    }

    /// Leaves word of a running server, for the next owner in case we die.
    func record(_ child: ChildProcess, as name: String, stopSignal: Int32) throws(DevServicesError) {
        guard let start = ProcessTable.startTime(of: child.pid) else { return }
        try SystemFile.write("\(child.pid) \(start) \(stopSignal)\n", to: "\(path)/\(name).pid")
    }

    func forget(_ name: String) {
        SystemFile.remove("\(path)/\(name).pid")
    }

    /// Gives the directory back, and removes it if it was temporary and nobody else of us uses it.
    func release() {
        Self.locks.withLock { locks in
            guard var lock = locks[path] else { return }
            lock.users -= 1
            locks[path] = lock.users > 0 ? lock : nil
            guard lock.users == 0 else { return }
            if isTemporary {
                LeftoverServer.removeSharedMemory(in: path)
                SystemFile.remove(path)
            }
            close(lock.descriptor)
        }
    }
}
