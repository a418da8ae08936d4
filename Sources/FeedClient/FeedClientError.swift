package import FeedModel

/// Why a FeedClient stops writing to a feed. None of them ends the process: the feed is taken up again when that is safe.
package enum FeedClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process owns the feed or has begun a term: touch nothing, become a standby.
    case ownershipLost(String)
    /// Redis no longer has what the next entry must follow: begin a new term and record a gap of kind `lost`.
    case continuityLost(String)
    case unknownProvider(String)
    /// The log's last entry is of a newer version.
    case unreadableLog(EntryError)

    package var description: String {
        switch self {
        case .ownershipLost(let why): "another process owns the feed: \(why)"
        case .continuityLost(let why): "the feed's log cannot be continued: \(why)"
        case .unknownProvider(let name): "unknown provider '\(name)': known are \(SessionRegistry.names)"
        case .unreadableLog(let error): "the feed's log cannot be read: \(error)"
        }
    }
}
