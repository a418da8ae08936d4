package import FeedJSON
package import FeedModel

/// The session of the Betfair exchange stream, spoken one JSON line per text frame: connection, authentication, market
/// subscription, resume by `initialClk` and `clk`.
package struct BetfairSession: ProviderSession {
    private enum Phase: Equatable {
        case connecting
        case authenticating
        case subscribing
        case snapshot
        case live
        case stale
    }

    private let applicationKey: String
    private let sessionToken: String
    private let lastReceivedAt: Timestamp?
    private var phase = Phase.connecting
    private var initialClock: String?
    private var clock: String?
    private var requestID = 0
    package var seen: StreamKinds = []

    /// Two heartbeats of the 5 s we ask for, and one second.
    package let deadAfter = Duration.seconds(11)
    package let noticesLoss = false

    package init(applicationKey: String, sessionToken: String, resumeToken: [UInt8], lastReceivedAt: Timestamp?) {
        self.applicationKey = applicationKey
        self.sessionToken = sessionToken
        self.lastReceivedAt = lastReceivedAt
        let parts = String(decoding: resumeToken, as: UTF8.self).split(separator: "#")
        if parts.count == 2 {
            initialClock = String(parts[0])
            clock = String(parts[1])
        }
    }

    package var resumeToken: [UInt8] {
        guard phase != .snapshot, let initialClock, let clock else { return [] }
        return Array("\(initialClock)#\(clock)".utf8)
    }

    package mutating func opened() -> [SessionAction] { [.enter(.authenticating, why: "connected")] }

    package var openQuestion: OpenQuestion? {
        switch phase {
        case .connecting: OpenQuestion(0, "the connection: no greeting")
        case .authenticating: OpenQuestion(requestID, "the authentication")
        case .subscribing: OpenQuestion(requestID, "the market subscription")
        case .snapshot, .live, .stale: nil
        }
    }

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
        case .marketChange, .orderChange:
            if head.change != .heartbeat { seen.insert(.odds) }
            return change(head, now: now)
        default: return .store
        }
    }

    private mutating func authenticate() -> FrameVerdict {
        phase = .authenticating
        requestID += 1
        let message =
            "{\"op\":\"authentication\",\"id\":\(requestID),\"appKey\":\(applicationKey.jsonQuoted),"
            + "\"session\":\(sessionToken.jsonQuoted)}"
        return .act(before: [], store: true, after: [.send(message)])
    }

    private mutating func status(_ head: BetfairHead) -> FrameVerdict {
        guard head.isSuccess else {
            let code = head.errorCode.map { String(decoding: $0, as: UTF8.self) } ?? "no error code"
            if code == "INVALID_CLOCK" {
                initialClock = nil
                clock = nil
            }
            let why = "provider refused: \(code)"
            return .act(before: [], store: true, after: [.reconnect(cause: .serverError, why: why)])
        }
        guard phase == .authenticating else { return .store }
        phase = .subscribing
        requestID += 1
        var message =
            "{\"op\":\"marketSubscription\",\"id\":\(requestID),\"segmentationEnabled\":true,\"heartbeatMs\":5000"
        if let initialClock, let clock {
            message += ",\"initialClk\":\(initialClock.jsonQuoted),\"clk\":\(clock.jsonQuoted)"
        }
        message +=
            ",\"marketFilter\":{},\"marketDataFilter\":{\"fields\":[\"EX_ALL_OFFERS\",\"EX_LTP\",\"EX_TRADED_VOL\",\"EX_MARKET_DEF\"]}}"
        return .act(
            before: [], store: true, after: [.enter(.subscribing, why: "authenticated"), .send(message)])
    }

    private mutating func change(_ head: BetfairHead, now: Timestamp) -> FrameVerdict {
        if let value = head.initialToken { initialClock = String(decoding: value, as: UTF8.self) }
        if let value = head.token { clock = String(decoding: value, as: UTF8.self) }
        if head.status == 503 { return becameStale(now: now) }
        if phase == .stale {
            phase = .live
            return .act(before: [.enter(.live, why: "upstream delay is over")], store: true, after: [])
        }
        switch (phase, head.change) {
        case (.live, _): return .store
        case (.snapshot, _):
            guard head.isWhole else { return .store }
            return imageEnded(before: [])
        case (_, .image):
            return imageBegan(endsHere: head.isWhole, now: now)
        case (_, .resumed):
            phase = .live
            return .act(
                before: [], store: true,
                after: [.record(.resumed(fromSequence: nil)), .enter(.live, why: "resumed by clk")])
        default:
            // A recording starts in the middle, without saying what its first message is.
            phase = .live
            return .act(
                before: [.record(.resumed(fromSequence: nil)), .enter(.live, why: "first change")], store: true,
                after: [])
        }
    }

    private mutating func imageBegan(endsHere: Bool, now: Timestamp) -> FrameVerdict {
        phase = .snapshot
        var before: [SessionAction] = []
        if let lastReceivedAt {
            before.append(
                .openGap(.init(kind: .reconnect, from: lastReceivedAt, to: now, cause: "subscribed anew with an image"))
            )
        }
        before += [.record(.snapshotBegan), .enter(.snapshot, why: "image")]
        return endsHere ? imageEnded(before: before) : .act(before: before, store: true, after: [])
    }

    private mutating func imageEnded(before: [SessionAction]) -> FrameVerdict {
        phase = .live
        return .act(
            before: before, store: true, after: [.record(.snapshotEnded), .enter(.live, why: "image complete")])
    }

    private mutating func becameStale(now: Timestamp) -> FrameVerdict {
        guard phase == .live else { return .store }
        phase = .stale
        return .act(before: [], store: true, after: [.enter(.stale, why: "provider reports an upstream delay (503)")])
    }
}

extension BetfairHead {
    /// The change ends with this message: it is not the beginning or middle of one in segments.
    fileprivate var isWhole: Bool { segment == .none || segment == .end }
}
