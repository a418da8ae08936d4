package import FeedModel

/// Why the Processor stops working on a feed for now. Nothing is lost by any of them: the entries stay pending.
package enum ProcessorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process holds the lease.
    case leaseLost
    /// Redis did not take what was expected of it: look at the last of `events` and go on from there.
    case surprised(String)
    /// An entry of a newer payload version: stop, so that an upgraded process can read it.
    case unreadable(EntryError)
    case unknownProvider(String)

    package var description: String {
        switch self {
        case .leaseLost: "another process owns the feed's processing"
        case .surprised(let what): "starting again from the last forwarded entry: \(what)"
        case .unreadable(let error): "\(error)"
        case .unknownProvider(let name): "no decoder for provider '\(name)'"
        }
    }
}
