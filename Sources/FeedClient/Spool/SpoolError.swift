import Foundation

/// Why the spool cannot take or give entries. Nothing is lost by it: the feed waits for Redis instead.
enum SpoolError: Error, Equatable, CustomStringConvertible {
    case system(operation: String, path: String, reason: String)
    /// The spool holds as much as it may.
    case full(limit: Int)

    /// What the last system call said.
    static func failed(_ operation: String, path: String) -> SpoolError {
        .system(operation: operation, path: path, reason: String(cString: strerror(errno)))
    }

    var description: String {
        switch self {
        case .system(let operation, let path, let reason): "spool: cannot \(operation) \(path): \(reason)"
        case .full(let limit):
            "spool: its limit of \(limit) bytes is reached (feed_client.spool.max_bytes); the socket is not read until "
                + "Redis is back"
        }
    }
}
