import FeedModel

/// Kinds of data that a feed carries, each of which may fall silent on its own.
package struct StreamKinds: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let odds = StreamKinds(rawValue: 1)
    package static let fixtures = StreamKinds(rawValue: 2)
    package static let bets = StreamKinds(rawValue: 4)

    /// With the names that a configuration uses.
    package static let named: [(name: String, kind: StreamKinds)] = [
        ("odds", .odds), ("fixtures", .fixtures), ("bets", .bets),
    ]

    /// Names that mean nothing are left out.
    package init(names: [String]) {
        self = Self.named.filter { names.contains($0.name) }.reduce(into: []) { $0.formUnion($1.kind) }
    }
}

/// Notices that one kind of data has stopped although the session lives: a subscription that the provider has forgotten.
/// A value without a clock.
struct StreamWatch: Sendable {
    private let watched: StreamKinds
    private let limit: Duration
    private var lastSeen: [UInt8: ContinuousClock.Instant] = [:]

    /// Watches the kinds that are subscribed to, except those that may be quiet.
    init(_ subscribed: StreamKinds, quiet: StreamKinds, limit: Duration) {
        watched = subscribed.subtracting(quiet)
        self.limit = limit
    }

    /// A session is live: silence counts from here.
    mutating func restart(at now: ContinuousClock.Instant) {
        for (_, kind) in StreamKinds.named { lastSeen[kind.rawValue] = now }
    }

    mutating func saw(_ kinds: StreamKinds, at now: ContinuousClock.Instant) {
        for (_, kind) in StreamKinds.named where kinds.contains(kind) { lastSeen[kind.rawValue] = now }
    }

    /// What has been silent for too long, in words; nil if nothing has.
    func complaint(at now: ContinuousClock.Instant) -> String? {
        for (name, kind) in StreamKinds.named where watched.contains(kind) {
            guard let last = lastSeen[kind.rawValue], now - last > limit else { continue }
            return "no \(name) for \(Int((now - last).seconds)) s"
        }
        return nil
    }
}
