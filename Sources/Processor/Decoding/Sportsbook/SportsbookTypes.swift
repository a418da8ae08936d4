import FeedJSON

/// The types of the sportsbook API's messages.
struct SportsbookTypes: ~Copyable {
    enum Kind: Int {
        case oddsChange, fixtureUpdate, settlement, betPlacement
        /// The session's: nothing to decode.
        case heartbeat, subscribed, pong, error, snapshotComplete
        case unknown

        var isData: Bool { rawValue <= Kind.betPlacement.rawValue }
    }

    /// A market of more selections than this is refused.
    static let maximumOffers = 1_024

    private let names = JSONKeyTable([
        "odds_change", "fixture_update", "settlement", "bet_placement", "heartbeat", "subscribed", "pong", "error",
    ])

    @inline(__always)
    func kind(of type: JSONValue) -> Kind {
        guard type.isText else { return .unknown }
        let index = names.index(of: type.bytes)
        if index >= 0 { return Kind(rawValue: index) ?? .unknown }
        return type.text.elementsEqual("snapshot_complete".utf8) ? .snapshotComplete : .unknown
    }
}
