import FeedModel

/// The snapshot of a provider that never says where it ends: it is complete when the book of everything subscribed to came.
struct AwaitedBooks {
    private var rest: Set<String>
    private let total: Int
    private let began: Timestamp

    /// Providers leave out books of what does not exist, and sometimes of what does: the feed goes live without them.
    private static let patience = Duration.seconds(10)

    init(_ names: [String], now: Timestamp) {
        rest = Set(names)
        total = rest.count
        began = now
    }

    mutating func arrived(_ name: String) { rest.remove(name) }

    /// Why the snapshot is over; nil as long as it is not.
    func end(now: Timestamp) -> String? {
        if rest.isEmpty { return "snapshot complete" }
        guard now.since(began) > Self.patience else { return nil }
        return "\(rest.count) of \(total) books did not come, such as \(rest.min() ?? "")"
    }
}
