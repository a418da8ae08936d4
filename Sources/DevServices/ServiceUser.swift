import Glibc

/// The unprivileged user that servers run as when we are root: PostgreSQL refuses to run as root, and Redis needs nothing
/// of it.
package struct ServiceUser: Sendable, Equatable {
    package let name: String
    package let id: UInt32
    package let group: UInt32

    /// `postgres` if there is one, else `nobody`; nil when we are not root and run everything as ourselves.
    package static var current: ServiceUser? {
        guard geteuid() == 0 else { return nil }
        return named("postgres") ?? named("nobody")
    }

    private static func named(_ name: String) -> ServiceUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return ServiceUser(name: name, id: entry.pw_uid, group: entry.pw_gid)
    }

    /// Throws if this user could not reach `path` for lack of permission on a directory above it.
    func checkReach(_ path: String) throws(DevServicesError) {
        var prefix = ""
        for part in path.split(separator: "/") {
            prefix += "/\(part)"
            var facts = stat()
            guard stat(prefix, &facts) == 0 else { return }
            if facts.st_uid == id ? facts.st_mode & S_IXUSR == 0 : facts.st_mode & S_IXOTH == 0 {
                throw .directoryUnreachable(prefix, user: name)
            }
        }
    }
}
