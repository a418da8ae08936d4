package import FeedModel

/// Why the Broadcaster cannot start, or cannot go on.
package enum BroadcasterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The configuration is unsafe or impossible.
    case configuration(String)
    /// The address cannot be listened on.
    case listening(String)
    /// An entry that this build cannot read: it must be upgraded, and loses nothing until then.
    case unreadableEntry(feed: FeedName, String)

    package var isRetriable: Bool { false }

    package var description: String {
        switch self {
        case .configuration(let what): what
        case .listening(let what):
            "\(what) (broadcaster.listen, or TOUCHLINE_BROADCASTER_LISTEN, names another address)"
        case .unreadableEntry(let feed, let what): "feed \(feed): \(what)"
        }
    }
}
