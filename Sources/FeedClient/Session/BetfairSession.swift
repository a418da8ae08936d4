package import FeedJSON
package import FeedModel

/// The session of the Betfair exchange stream, a JSON document per line or per text frame: connection, authentication,
/// subscription to markets and, if wanted, to our own orders, each resumed by its `initialClk` and `clk`.
///
/// The feed is live when its markets are. Orders have no snapshot: an image of them closes no prices.
package struct BetfairSession: ProviderSession {
    private enum Phase: Equatable {
        case connecting
        case authenticating
        case subscribing
        case snapshot
        case live
    }

    private let applicationKey: String
    private let sessionToken: String
    private let takesOrders: Bool
    private let lastReceivedAt: Timestamp?
    private var phase = Phase.connecting
    private var markets = BetfairStream()
    private var orders = BetfairStream()
    /// The provider was told to send orders from where they stand: an image instead means that some are missing.
    private var resumesOrders = false
    private var resumesMarkets = false
    /// The provider's own data is late.
    private var isStale = false
    private var isGapOpen = false
    private var requestID: Int64 = 0
    /// What was asked and is not answered, by request.
    private var questions: [(id: Int64, text: String)] = []
    package var seen: StreamKinds = []

    /// Two heartbeats of the 5 s we ask for, and one second.
    package let deadAfter = Duration.seconds(11)
    package let noticesLoss = false

    /// - Parameters:
    ///   - takesOrders: whether our own orders are subscribed to, beside the markets.
    ///   - resumeToken: of the last entry in the stream.
    ///   - lastReceivedAt: of that entry; nil if the feed is new.
    package init(
        applicationKey: String, sessionToken: String, takesOrders: Bool = false, resumeToken: [UInt8],
        lastReceivedAt: Timestamp?
    ) {
        self.applicationKey = applicationKey
        self.sessionToken = sessionToken
        self.takesOrders = takesOrders
        self.lastReceivedAt = lastReceivedAt
        let texts = String(decoding: resumeToken, as: UTF8.self)
            .split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        guard texts.count == 2 || texts.count == 4 else { return }
        markets.tokens = .init(initial: texts[0], current: texts[1])
        if texts.count == 4 { orders.tokens = .init(initial: texts[2], current: texts[3]) }
    }

    /// `initialClk#clk` of the markets, and behind them those of the orders if there are any.
    package var resumeToken: [UInt8] {
        guard phase != .snapshot, let ofMarkets = markets.tokens else { return [] }
        guard takesOrders, let ofOrders = orders.tokens else { return Array(ofMarkets.text.utf8) }
        return Array("\(ofMarkets.text)#\(ofOrders.text)".utf8)
    }

    package var openQuestion: OpenQuestion? {
        if phase == .connecting { return OpenQuestion(0, "the connection: no greeting") }
        return questions.first.map { OpenQuestion(Int($0.id), $0.text) }
    }

    package mutating func opened() -> [SessionAction] { [.enter(.authenticating, why: "connected")] }

    package mutating func heartbeat() -> String? {
        requestID += 1
        return "{\"op\":\"heartbeat\",\"id\":\(requestID)}"
    }

    package mutating func received(
        _ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp
    ) -> FrameVerdict {
        let head = scanner.betfairHead(frame)
        switch head.operation {
        case .connection: return authenticate()
        case .status: return status(head)
        case .marketChange:
            if head.change != .heartbeat { seen.insert(.odds) }
            markets.received(head)
            let verdict = marketChange(head, now: now)
            return withDelay(verdict)
        case .orderChange:
            if head.change != .heartbeat { seen.insert(.bets) }
            // A recording of orders alone is resumed by their tokens.
            if takesOrders { orders.received(head) } else { markets.received(head) }
            let verdict = orderChange(head, now: now)
            return withDelay(verdict)
        default: return .store
        }
    }

    // MARK: Requests and their answers

    /// Asks something that has to be answered; `fields` follow the operation and the id.
    private mutating func ask(_ operation: String, _ fields: String, about text: String) -> SessionAction {
        requestID += 1
        questions.append((requestID, text))
        return .send("{\"op\":\"\(operation)\",\"id\":\(requestID),\(fields)}")
    }

    private mutating func authenticate() -> FrameVerdict {
        phase = .authenticating
        let fields = "\"appKey\":\(applicationKey.jsonQuoted),\"session\":\(sessionToken.jsonQuoted)"
        return .act(before: [], store: true, after: [ask("authentication", fields, about: "the authentication")])
    }

    private mutating func subscribe() -> [SessionAction] {
        phase = .subscribing
        let common = "\"segmentationEnabled\":true,\"heartbeatMs\":5000"
        let wanted = "\"EX_ALL_OFFERS\",\"EX_LTP\",\"EX_TRADED_VOL\",\"EX_MARKET_DEF\""
        let filter = ",\"marketFilter\":{},\"marketDataFilter\":{\"fields\":[\(wanted)]}"
        resumesMarkets = markets.tokens != nil
        var actions: [SessionAction] = [.enter(.subscribing, why: "authenticated")]
        actions.append(
            ask("marketSubscription", common + markets.resumeFields + filter, about: "the market subscription"))
        if takesOrders {
            resumesOrders = orders.tokens != nil
            actions.append(
                ask("orderSubscription", common + orders.resumeFields, about: "the order subscription"))
        }
        return actions
    }

    /// The error codes that say that another try with the same credentials is useless.
    private static let identityErrors: Set = [
        "NO_APP_KEY", "INVALID_APP_KEY", "NO_SESSION", "INVALID_SESSION_INFORMATION", "NOT_AUTHORIZED",
    ]

    private mutating func status(_ head: BetfairHead) -> FrameVerdict {
        guard head.isSuccess else {
            let code = head.errorCode.map { String(decoding: $0, as: UTF8.self) } ?? "no error code"
            if code == "INVALID_CLOCK" {
                // Without tokens both streams begin with an image, and one gap says what that means.
                markets.tokens = nil
                orders.tokens = nil
            }
            let why = "provider refused\(answered(head.id).map { " \($0)" } ?? ""): \(code)"
            let cause = Self.identityErrors.contains(code) ? ReconnectCause.refused : .serverError
            return .act(before: [], store: true, after: [.reconnect(cause: cause, why: why)])
        }
        _ = answered(head.id)
        guard phase == .authenticating, questions.isEmpty else { return .store }
        return .act(before: [], store: true, after: subscribe())
    }

    /// What a status answers; without an id, which some lack, the oldest question.
    private mutating func answered(_ id: Int64?) -> String? {
        let index = id == nil ? questions.indices.first : questions.firstIndex { $0.id == id }
        return index.map { questions.remove(at: $0).text }
    }

    // MARK: Changes

    private mutating func marketChange(_ head: BetfairHead, now: Timestamp) -> FrameVerdict {
        switch (phase, head.change) {
        case (.live, _): return .store
        case (.snapshot, _): return head.segment == .end ? imageEnded(before: []) : .store
        case (_, .image): return imageBegan(endsHere: head.isWhole, now: now)
        case (_, .resumed): return resumed(why: "resumed by clk")
        case (_, .heartbeat): return resumesMarkets ? resumed(why: "nothing has changed since clk") : .store
        // A recording starts in the middle, without saying what its first message is.
        default: return firstChange()
        }
    }

    private mutating func orderChange(_ head: BetfairHead, now: Timestamp) -> FrameVerdict {
        // A recording of orders alone is live with them.
        if !takesOrders, phase != .live, phase != .snapshot { return firstChange() }
        guard takesOrders, resumesOrders, head.change == .image || head.change == .resumed else { return .store }
        resumesOrders = false
        guard head.change == .image else { return .store }
        return .act(before: openGap("orders subscribed anew with an image", now: now), store: true, after: [])
    }

    private mutating func resumed(why: String) -> FrameVerdict {
        phase = .live
        return .act(
            before: [], store: true, after: [.record(.resumed(fromSequence: nil)), .enter(.live, why: why)])
    }

    private mutating func firstChange() -> FrameVerdict {
        phase = .live
        return .act(
            before: [.record(.resumed(fromSequence: nil)), .enter(.live, why: "first change")], store: true, after: [])
    }

    private mutating func imageBegan(endsHere: Bool, now: Timestamp) -> FrameVerdict {
        phase = .snapshot
        let gap = openGap("subscribed anew with an image", now: now)
        let before = gap + [.record(.snapshotBegan), .enter(.snapshot, why: "image")]
        return endsHere ? imageEnded(before: before) : .act(before: before, store: true, after: [])
    }

    private mutating func imageEnded(before: [SessionAction]) -> FrameVerdict {
        phase = .live
        return .act(
            before: before, store: true, after: [.record(.snapshotEnded), .enter(.live, why: "image complete")])
    }

    /// What came between the last session and this one may be missing; one gap says so for both streams.
    private mutating func openGap(_ cause: String, now: Timestamp) -> [SessionAction] {
        guard let lastReceivedAt, !isGapOpen else { return [] }
        isGapOpen = true
        return [.openGap(.init(kind: .reconnect, from: lastReceivedAt, to: now, cause: cause))]
    }

    // MARK: Upstream delays

    /// Adds to a verdict that the provider's own data began to be late, or is not late any more.
    private mutating func withDelay(_ verdict: FrameVerdict) -> FrameVerdict {
        guard phase == .live, isStale != (markets.isDelayed || orders.isDelayed) else { return verdict }
        isStale.toggle()
        var (before, isStored, after): ([SessionAction], Bool, [SessionAction]) = ([], true, [])
        if case .act(let first, let store, let last) = verdict { (before, isStored, after) = (first, store, last) }
        if isStale {
            after.append(.enter(.stale, why: "provider reports an upstream delay (503)"))
        } else {
            before.append(.enter(.live, why: "upstream delay is over"))
        }
        return .act(before: before, store: isStored, after: after)
    }
}
