import FeedModel
import PostgresCopy

/// Why the Writer cannot start, or stops.
package enum WriterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence for people.
    case invalidConfiguration(String)
    /// A feed's stream holds what this build cannot read: what follows stays in Redis until the process is upgraded.
    case unknownVersion(feed: String, version: UInt8)
    /// The process is stopping and the sink is away: what was not committed stays pending in Redis.
    case abandoned(String)
    /// A feed has no key in Postgres.
    case unknownFeed(String)

    package var description: String {
        switch self {
        case .invalidConfiguration(let sentence): sentence
        case .unknownVersion(let feed, let version):
            "feed \(feed) holds entries of payload version \(version), which this build does not know: upgrade the Writer"
        case .abandoned(let why): "stopped before the last batch could be committed (it stays pending in Redis): \(why)"
        case .unknownFeed(let feed): "feed \(feed) has no row in table feeds"
        }
    }
}
