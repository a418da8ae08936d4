package import FeedJSON
package import FeedModel

/// The session of the Kalshi exchange: subscribe to channels of markets, take their books as a snapshot, and check that the
/// messages of each subscription are numbered without holes. The handshake authenticates (the headers of the configuration).
///
/// Nothing can be resumed: every reconnect is a gap and a new snapshot, and so is every hole in a book's messages.
package struct KalshiSession: ProviderSession {
    private enum Phase: Equatable {
        case subscribing
        case snapshot
        case live
        /// Books are not taken until the provider confirms that it sends them anew.
        case resubscribing
    }

    private struct Jump: Equatable {
        let subscription: Int64
        let from: Int64
        let to: Int64
    }

    private let channels: [String]
    private let markets: [String]
    private var phase = Phase.subscribing
    private var snapshot: AwaitedBooks?
    private var commands: Int64 = 0
    /// Commands whose refusal leaves the feed without what it is for.
    private var subscriptions: Set<Int64> = []
    private var unanswered = 0
    /// The subscription that books come with.
    private var bookSubscription: Int64?
    /// The last number of each subscription.
    private var sequences: [Int64: Int64] = [:]
    /// The hole that books were last asked for again for.
    private var lastJump: Jump?
    /// `received_at` of the last message of which it is known that nothing was missing before it.
    private var lastReceivedAt: Timestamp?
    /// What is missing before the next snapshot is on record already.
    private var isGapOpen = false
    /// Markets may be quiet for hours: whatever arrives, answers to heartbeats too, says that they are.
    package var seen: StreamKinds = []

    private static let books = "orderbook_delta"
    private static let lives = "market_lifecycle_v2"

    /// Books, prices, trades, and the life of markets.
    package static let defaultChannels = [books, "ticker", "trade", lives]

    /// Two of the provider's pings, which the socket answers, and one second; markets themselves may be quiet for hours.
    package let deadAfter = Duration.seconds(21)
    package let noticesLoss = false
    package let resumeToken: [UInt8] = []

    /// - Parameters:
    ///   - markets: the market tickers; none for a recording, which sends what it has.
    ///   - lastReceivedAt: `received_at` of the last entry in the stream; nil if the feed is new.
    package init(channels: [String], markets: [String], lastReceivedAt: Timestamp?) {
        self.channels = channels
        self.markets = markets
        self.lastReceivedAt = lastReceivedAt
    }

    package mutating func opened() -> [SessionAction] {
        unanswered = channels.count
        var actions: [SessionAction] = [.enter(.subscribing, why: "connected")]
        let ofMarkets = channels.filter { $0 != Self.lives }
        if !ofMarkets.isEmpty { actions.append(subscribe(ofMarkets, to: markets)) }
        // The life of markets is told to everyone of every market: it takes no tickers.
        if channels.contains(Self.lives) { actions.append(subscribe([Self.lives], to: [])) }
        return actions
    }

    private mutating func subscribe(_ channels: [String], to markets: [String]) -> SessionAction {
        commands += 1
        subscriptions.insert(commands)
        let tickers = markets.isEmpty ? "" : ",\"market_tickers\":\(markets.jsonList)"
        return .send(
            "{\"id\":\(commands),\"cmd\":\"subscribe\",\"params\":{\"channels\":\(channels.jsonList)\(tickers)}}")
    }

    package var openQuestion: OpenQuestion? {
        switch phase {
        case .subscribing where unanswered > 0:
            OpenQuestion(subscriptions.count, "the subscription to \(channels.joined(separator: ", "))")
        case .resubscribing: OpenQuestion(subscriptions.count, "the new subscription to \(Self.books)")
        default: nil
        }
    }

    package mutating func heartbeat() -> String? {
        commands += 1
        return "{\"id\":\(commands),\"cmd\":\"list_subscriptions\"}"
    }

    package mutating func received(
        _ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp
    ) -> FrameVerdict {
        seen = .odds
        let head = scanner.kalshiHead(frame)
        switch head.kind {
        case .subscribed: return subscribed(head, scanner.kalshiDetails(frame), now)
        case .error:
            // An answer to a heartbeat, even a refusal, is a sign of life.
            if let id = head.id, !subscriptions.contains(id) { return .store }
            let text = String(decoding: frame.prefix(300), as: UTF8.self)
            return .act(before: [], store: true, after: [.reconnect(cause: .serverError, why: "provider said \(text)")])
        case .answer: return .act(before: [], store: true, after: endIfDue(now))
        // The decoder says what is wrong with it.
        case .unreadable: return .store
        case .snapshot: return data(head, book: scanner.kalshiDetails(frame).market, now)
        case .delta, .other: return data(head, book: nil, now)
        }
    }

    // MARK: Answers

    private mutating func subscribed(
        _ head: KalshiHead, _ details: KalshiHead.Details, _ now: Timestamp
    ) -> FrameVerdict {
        unanswered -= 1
        if details.channel == Self.books { bookSubscription = details.subscription }
        if phase == .resubscribing {
            // Numbers begin anew.
            if let lastJump { sequences[lastJump.subscription] = nil }
            phase = .subscribing
        }
        // Without books there is no state to wait for.
        guard phase == .subscribing, unanswered <= 0, awaited.isEmpty else { return .store }
        return .act(before: begin(now), store: true, after: endIfDue(now))
    }

    private var awaited: [String] { channels.contains(Self.books) ? markets : [] }

    // MARK: Data

    private mutating func data(_ head: KalshiHead, book: String?, _ now: Timestamp) -> FrameVerdict {
        let isBook = head.kind == .snapshot || head.kind == .delta
        if isBook, phase == .resubscribing { return .act(before: [], store: false, after: []) }
        var before: [SessionAction] = []
        if let jump = jump(head) {
            if isBook, jump != lastJump { return resubscribe(after: jump, now) }
            // Trades cannot be had again, and a hole that comes again is the provider's: it stays on record.
            before.append(.openGap(gap(jump, now)))
        }
        defer { lastReceivedAt = now }
        guard phase != .live else { return before.isEmpty ? .store : .act(before: before, store: true, after: []) }
        if phase == .subscribing { before += begin(now) }
        if let book { snapshot?.arrived(book) }
        return .act(before: before, store: true, after: endIfDue(now))
    }

    /// The hole before a message; nil if it is the next one, or not numbered.
    private mutating func jump(_ head: KalshiHead) -> Jump? {
        guard let subscription = head.subscription, let sequence = head.sequence,
            SessionHead.sequences.contains(sequence)
        else { return nil }
        let last = sequences.updateValue(sequence, forKey: subscription)
        guard let last, sequence != last + 1 else { return nil }
        return Jump(subscription: subscription, from: last, to: sequence)
    }

    private func gap(_ jump: Jump, _ now: Timestamp) -> ControlEvent.Gap {
        ControlEvent.Gap(
            kind: .sequence, fromSequence: jump.from + 1, toSequence: jump.to > jump.from ? jump.to - 1 : nil,
            from: lastReceivedAt ?? now, to: now, cause: "sequence jumped from \(jump.from) to \(jump.to)")
    }

    /// A book with a hole in its changes is wrong until it is sent as a whole.
    private mutating func resubscribe(after jump: Jump, _ now: Timestamp) -> FrameVerdict {
        let gap = gap(jump, now)
        lastJump = jump
        isGapOpen = true
        phase = .resubscribing
        snapshot = nil
        unanswered = 1
        var actions: [SessionAction] = [
            .openGap(gap), .enter(.subscribing, why: gap.cause + ": asking for books anew"),
        ]
        if let bookSubscription {
            commands += 1
            actions.append(
                .send("{\"id\":\(commands),\"cmd\":\"unsubscribe\",\"params\":{\"sids\":[\(bookSubscription)]}}"))
        }
        return .act(before: [], store: false, after: actions + [subscribe([Self.books], to: markets)])
    }

    // MARK: Snapshots

    private mutating func begin(_ now: Timestamp) -> [SessionAction] {
        phase = .snapshot
        snapshot = AwaitedBooks(awaited, now: now)
        var actions: [SessionAction] = []
        if let lastReceivedAt, !isGapOpen {
            actions.append(
                .openGap(.init(kind: .reconnect, from: lastReceivedAt, to: now, cause: "subscribed anew")))
        }
        isGapOpen = true
        return actions + [.record(.snapshotBegan), .enter(.snapshot, why: "first books")]
    }

    private mutating func endIfDue(_ now: Timestamp) -> [SessionAction] {
        guard phase == .snapshot, let why = snapshot?.end(now: now) else { return [] }
        snapshot = nil
        phase = .live
        return [.record(.snapshotEnded), .enter(.live, why: why)]
    }
}
