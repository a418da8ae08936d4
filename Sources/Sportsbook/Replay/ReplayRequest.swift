/// What a client's message asks of a replay.
struct ReplayRequest {
    /// Where the lines go on from.
    enum Start: Equatable {
        case beginning
        /// Behind the last line with this `clk`, as it stands in the line, quotes included.
        case behindClock(String)
        /// Behind the line with this `seq`.
        case behindSequence(Int64)
    }

    /// Sent at once.
    var replies: [String] = []
    /// Nil does not begin a subscription.
    var start: Start?

    /// Anything that is not understood is accepted in silence: a replay is no place to be strict.
    init(_ message: UnsafeRawBufferPointer, dialect: ReplayDialect) {
        switch dialect {
        case .betfair: readBetfair(message)
        case .sportsbook: readSportsbook(message)
        case .polymarket: readPolymarket(message)
        case .kalshi: readKalshi(message)
        case .generic: break
        }
    }

    private mutating func readBetfair(_ message: UnsafeRawBufferPointer) {
        let id = TopLevelScanner.integer(of: "id", in: message).map { #""id":\#($0),"# } ?? ""
        replies = [#"{"op":"status",\#(id)"statusCode":"SUCCESS","connectionClosed":false,"connectionsAvailable":9}"#]
        guard let op = TopLevelScanner.value(of: "op", in: message).map(TopLevelScanner.text) else { return }
        guard op == "marketSubscription" || op == "orderSubscription" else { return }
        let token = TopLevelScanner.value(of: "clk", in: message).map { String(decoding: $0, as: UTF8.self) }
        start = token.map { $0 == "null" ? .beginning : .behindClock($0) } ?? .beginning
    }

    private mutating func readSportsbook(_ message: UnsafeRawBufferPointer) {
        switch TopLevelScanner.value(of: "op", in: message).map(TopLevelScanner.text) {
        case "ping": replies = [ControlMessage.pong(TopLevelScanner.integer(of: "id", in: message).map { .number($0) })]
        case "subscribe":
            start = TopLevelScanner.integer(of: "resume_after", in: message).map { .behindSequence($0) } ?? .beginning
        default: break
        }
    }

    private mutating func readPolymarket(_ message: UnsafeRawBufferPointer) {
        if message.elementsEqual("PING".utf8) {
            replies = ["PONG"]
        } else {
            start = .beginning
        }
    }

    private mutating func readKalshi(_ message: UnsafeRawBufferPointer) {
        let id = TopLevelScanner.integer(of: "id", in: message) ?? 0
        switch TopLevelScanner.value(of: "cmd", in: message).map(TopLevelScanner.text) {
        case "subscribe":
            replies = [#"{"type":"subscribed","id":\#(id),"msg":{"channel":"replay","sid":1}}"#]
            // A session that also wants the life of markets subscribes twice: the lines begin once.
            let channels = TopLevelScanner.value(of: "params", in: message).flatMap {
                TopLevelScanner.value(of: "channels", in: $0)
            }
            let isOnlyLife = channels?.elementsEqual(#"["market_lifecycle_v2"]"#.utf8) ?? false
            start = isOnlyLife ? nil : .beginning
        // What clients ask to hear whether the server lives.
        case "list_subscriptions": replies = [#"{"type":"ok","id":\#(id),"msg":[{"channel":"replay","sid":1}]}"#]
        default: break
        }
    }
}
