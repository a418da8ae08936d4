import Foundation
import PostgresCopy

/// What is left of a disk.
struct DiskSpace: Sendable {
    /// A folder on it.
    let path: String
    /// For those who are not root.
    let freeBytes: Int
    let totalBytes: Int

    /// A disk that is nearly full is so for everybody.
    private static let leastFreeShare = 0.05

    init(path: String, freeBytes: Int, totalBytes: Int) {
        self.path = path
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
    }

    /// Of the disk that has, or would have, the folder; nil if nobody can tell.
    init?(at path: String) {
        var folder = URL(fileURLWithPath: path)
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path) {
            folder.deleteLastPathComponent()
        }
        var facts = statvfs()
        guard statvfs(folder.path, &facts) == 0 else { return nil }
        self.init(
            path: path, freeBytes: Int(clamping: UInt64(facts.f_bavail) &* UInt64(facts.f_frsize)),
            totalBytes: Int(clamping: UInt64(facts.f_blocks) &* UInt64(facts.f_frsize)))
    }

    /// Of the server's data, if the server is this machine and tells where it is.
    static func ofDatabase(_ session: borrowing PostgresSession) throws -> DiskSpace? {
        let row = try session.texts(
            """
            SELECT CASE WHEN (inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1')
                         AND pg_has_role('pg_read_all_settings', 'USAGE')
                        THEN current_setting('data_directory') END
            """
        ).first
        // A server behind a forwarded port has its folder elsewhere.
        guard let path = row?.first ?? nil, FileManager.default.fileExists(atPath: path) else { return nil }
        return DiskSpace(at: path)
    }

    /// - Parameters:
    ///   - needed: bytes that may still be asked of it, and for what.
    func finding(_ subject: String, needed: Int, for reason: String, remedy: String = "make room on it") -> Finding {
        let free = Figures.bytes(freeBytes)
        if freeBytes < needed {
            return Finding(
                subject,
                problem: "the disk of \(path) has \(free) left, less than \(Figures.bytes(needed)) for \(reason)",
                remedy: remedy, isWarning: true)
        }
        guard Double(freeBytes) > Double(totalBytes) * Self.leastFreeShare else {
            return Finding(
                subject, problem: "the disk of \(path) is nearly full, \(free) are left", remedy: "make room on it",
                isWarning: true)
        }
        return Finding("\(subject)'s disk has \(free) left")
    }
}
