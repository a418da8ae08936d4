import FeedModel

/// Which items of a stream are shown: those that meet everything that was asked for.
struct TapFilter: Sendable, Equatable {
    /// Any of them; empty: all.
    var types: [String] = []
    var fixture: String?
    /// The market's id or its type.
    var market: String?
    var reason: String?
    /// Part of the item's JSON.
    var text: String?

    func matches(_ item: EntryItem) -> Bool {
        if !types.isEmpty, !types.contains(item.plain("type")), !types.contains(item.plain("kind")) { return false }
        if let fixture, item.plain("fixture_id") != fixture { return false }
        if let market, item.plain("market_id") != market, item.plain("market_type") != market { return false }
        if let reason, item.plain("reason") != reason { return false }
        return text.map { item.json.contains($0) } ?? true
    }

    /// What cannot be asked of the stream, for a person; nil if everything can. It would show nothing for ever.
    func problem(with stream: TapStream) -> String? {
        if let type = types.first(where: { !stream.types.contains($0) }) {
            return stream.types.isEmpty
                ? "'--type' has no meaning for dead letters: filter them by '--reason'"
                : "unknown type '\(type)': known of \(stream) are \(stream.types.joined(separator: ", "))"
        }
        if stream != .events, fixture ?? market != nil {
            return "'--fixture' and '--market' are for events: '--filter' finds any text"
        }
        guard let reason else { return nil }
        guard stream == .dead else { return "'--reason' is for dead letters: touchline tap <feed> dead" }
        return DeadLetterReason(name: reason) == nil
            ? "unknown reason '\(reason)': known are \(DeadLetterReason.names)" : nil
    }
}

/// Lets every nth item through, beginning with the first.
struct TapSample: Sendable {
    let every: Int
    private var seen = 0

    init(every: Int) { self.every = every }

    mutating func takes() -> Bool {
        defer { seen = (seen + 1) % every }
        return seen == 0
    }
}
