import FeedModel

/// How a provider's recording tells the time, and how its server opens a session.
package enum ReplayDialect: String, Sendable, CaseIterable {
    case sportsbook, betfair, polymarket, kalshi
    /// Anything else: lines are sent to whoever connects.
    case generic

    package init(provider: String) { self = ReplayDialect(rawValue: provider) ?? .generic }

    /// The provider's own clock in a line, in milliseconds since 1970; nil if the line does not tell.
    func clock(_ line: UnsafeRawBufferPointer) -> Int64? {
        switch self {
        case .betfair: TopLevelScanner.integer(of: "pt", in: line)
        case .sportsbook, .polymarket: Self.time(of: "timestamp", in: line)
        case .kalshi: TopLevelScanner.value(of: "msg", in: line).flatMap { Self.firstTime(["ts_ms", "ts"], in: $0) }
        case .generic: Self.firstTime(["pt", "timestamp", "ts_ms", "ts", "time"], in: line)
        }
    }

    private static func firstTime(_ keys: [StaticString], in line: UnsafeRawBufferPointer) -> Int64? {
        for key in keys {
            if let time = time(of: key, in: line) { return time }
        }
        return nil
    }

    /// RFC 3339, seconds or milliseconds.
    private static func time(of key: StaticString, in line: UnsafeRawBufferPointer) -> Int64? {
        guard let value = TopLevelScanner.value(of: key, in: line) else { return nil }
        let text = TopLevelScanner.text(value)
        if let number = Int64(text) { return number < 100_000_000_000 ? number * 1_000 : number }
        return Timestamp(rfc3339: text)?.milliseconds
    }

    /// Whether a recorded line belongs to the session that was recorded and not to the data: this server says its own.
    package func isSessionLine(_ line: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .sportsbook:
            guard let type = TopLevelScanner.value(of: "type", in: line) else { return false }
            return ["subscribed", "heartbeat", "pong", "error"].contains(TopLevelScanner.text(type))
        case .betfair:
            guard let op = TopLevelScanner.value(of: "op", in: line) else { return false }
            return ["connection", "status"].contains(TopLevelScanner.text(op))
        case .kalshi:
            guard let type = TopLevelScanner.value(of: "type", in: line) else { return false }
            return TopLevelScanner.text(type) == "subscribed"
        case .polymarket: return line.elementsEqual("PONG".utf8)
        case .generic: return false
        }
    }

    /// What the server says first.
    var greeting: String? {
        self == .betfair ? #"{"op":"connection","connectionId":"touchline-replay"}"# : nil
    }

    /// Whether lines flow without being asked for.
    var startsAtOnce: Bool { self == .generic }

    /// What is said when nothing was for five seconds; `last` is the last line sent, `clock` the time it is in the recording.
    func heartbeat(last: UnsafeRawBufferPointer, clock: Int64) -> String? {
        switch self {
        case .betfair:
            let op = TopLevelScanner.value(of: "op", in: last).map(TopLevelScanner.text) ?? "mcm"
            let token = TopLevelScanner.value(of: "clk", in: last).map { String(decoding: $0, as: UTF8.self) } ?? "null"
            return #"{"op":"\#(op)","clk":\#(token),"pt":\#(clock),"ct":"HEARTBEAT"}"#
        case .sportsbook:
            let sequence = TopLevelScanner.integer(of: "seq", in: last) ?? 0
            return ControlMessage.heartbeat(sequence, at: Timestamp(milliseconds: clock))
        case .polymarket, .kalshi, .generic: return nil
        }
    }
}
