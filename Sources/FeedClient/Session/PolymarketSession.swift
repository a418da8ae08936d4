package import FeedJSON
package import FeedModel

/// The session of Polymarket's market channel: subscribe to tokens, take their books as a snapshot, say `PING` every 10 s.
///
/// Nothing can be resumed and nothing is numbered, so every reconnect is a gap and a new snapshot.
package struct PolymarketSession: ProviderSession {
    private let assets: [String]
    private let lastReceivedAt: Timestamp?
    /// The snapshot under way; nil before the first message, and when it is over.
    private var snapshot: AwaitedBooks?
    private var isLive = false
    /// Markets may be quiet for hours: whatever arrives, answers to heartbeats too, says that they are.
    package var seen: StreamKinds = []

    /// More first books than this silently fail to come.
    package static let mostAssets = 500

    /// Two heartbeats, and one second.
    package let deadAfter = Duration.seconds(21)
    /// The provider closes after 10 s without one; the clock that asks for it ticks once a second.
    package let heartbeatInterval: Duration? = .seconds(8)
    package let noticesLoss = false
    package let resumeToken: [UInt8] = []

    /// - Parameters:
    ///   - assets: the token ids; none for a recording, which sends what it has.
    ///   - lastReceivedAt: `received_at` of the last entry in the stream; nil if the feed is new.
    package init(assets: [String], lastReceivedAt: Timestamp?) {
        self.assets = assets
        self.lastReceivedAt = lastReceivedAt
    }

    package mutating func opened() -> [SessionAction] {
        // The custom features are new and resolved markets.
        let subscription = "{\"assets_ids\":\(assets.jsonList),\"type\":\"market\",\"custom_feature_enabled\":true}"
        return [.enter(.subscribing, why: "connected"), .send(subscription)]
    }

    package var openQuestion: OpenQuestion? {
        isLive || snapshot != nil ? nil : OpenQuestion(1, "the subscription: no first book")
    }

    package mutating func heartbeat() -> String? { "PING" }

    package mutating func received(
        _ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp
    ) -> FrameVerdict {
        seen = .odds
        if frame.count == 4 {
            if frame.elementsEqual("PONG".utf8) { return .act(before: [], store: false, after: endIfDue(now)) }
            if frame.elementsEqual("PING".utf8) { return .act(before: [], store: false, after: [.send("PONG")]) }
        }
        guard !isLive else { return .store }
        let head = scanner.polymarketHead(frame)
        // What cannot be read is for the decoder to refuse.
        guard head.hasMessages else { return .store }
        let before = snapshot == nil ? begin(now) : []
        for asset in head.books { snapshot?.arrived(asset) }
        return .act(before: before, store: true, after: endIfDue(now))
    }

    private mutating func begin(_ now: Timestamp) -> [SessionAction] {
        snapshot = AwaitedBooks(assets, now: now)
        var actions: [SessionAction] = []
        if let lastReceivedAt {
            actions.append(
                .openGap(.init(kind: .reconnect, from: lastReceivedAt, to: now, cause: "subscribed anew")))
        }
        return actions + [.record(.snapshotBegan), .enter(.snapshot, why: "first books")]
    }

    private mutating func endIfDue(_ now: Timestamp) -> [SessionAction] {
        guard let why = snapshot?.end(now: now) else { return [] }
        snapshot = nil
        isLive = true
        return [.record(.snapshotEnded), .enter(.live, why: why)]
    }
}
