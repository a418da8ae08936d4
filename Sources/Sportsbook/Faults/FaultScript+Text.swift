import FeedModel
import WebSocketTransport

/// The text form of a script, for command lines: `connections:trigger:action`, one fault each.
///
/// - connections: `*`, `3`, `3-` (from the third), `-3` (up to the third), `<2m` (within two minutes of the first)
/// - trigger: `opened`, `subscribed`, `messages=1000`, `elapsed=5s`, `sequence=1234`
/// - action: `refuse=503`, `refuse=429,3s`, `drop`, `reset`, `silence=15s`, `half-open=30s`, `skip=10`, `duplicate=5`,
///   `garbage`, `damage=odd_below_one+unknown_type`, `damage-in-array=…`, `damage=all`, `oversized=9000000`,
///   `bomb=50000000`, `slow=1000,10s`, `close=1012`
///
/// `2:messages=1000:reset` resets the second connection after 1,000 messages.
extension FaultScript {
    package init(_ lines: [String]) throws(SportsbookError) {
        self.init()
        for line in lines { faults.append(try Fault(line)) }
    }
}

extension Fault {
    package init(_ text: String) throws(SportsbookError) {
        let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count == 3, let connections = Connections(parts[0]), let trigger = Trigger(parts[1]),
            let action = Action(parts[2])
        else { throw .configuration(["fault \(text) is not connections:trigger:action"]) }
        self.init(on: connections, when: trigger, action)
    }
}

extension Fault.Connections {
    fileprivate init?(_ text: String) {
        if text == "*" {
            self = .all
        } else if text.hasPrefix("<"), let duration = Duration(faultText: text.dropFirst()) {
            self = .within(duration)
        } else if text.hasPrefix("-"), let number = Int(text.dropFirst()) {
            self = .upTo(number)
        } else if text.hasSuffix("-"), let number = Int(text.dropLast()) {
            self = .from(number)
        } else if let number = Int(text), number > 0 {
            self = .number(number)
        } else {
            return nil
        }
    }
}

extension Fault.Trigger {
    fileprivate init?(_ text: String) {
        let (name, value) = text.nameAndValue
        switch (name, value) {
        case ("opened", nil): self = .opened
        case ("subscribed", nil): self = .subscribed
        case ("messages", let value?):
            guard let count = Int(value), count >= 0 else { return nil }
            self = .messages(count)
        case ("elapsed", let value?):
            guard let duration = Duration(faultText: value) else { return nil }
            self = .elapsed(duration)
        case ("sequence", let value?):
            guard let number = Int64(value) else { return nil }
            self = .sequence(number)
        default: return nil
        }
    }
}

extension Fault.Action {
    fileprivate init?(_ text: String) {
        let (name, value) = text.nameAndValue
        let values = value?.split(separator: ",") ?? []
        let duration = values.last.flatMap { Duration(faultText: $0) }
        let number = values.first.flatMap { Int($0) }
        switch (name, number, duration) {
        case ("refuse", let status?, let retryAfter): self = .refuse(status: status, retryAfter: retryAfter)
        case ("drop", nil, nil): self = .drop(withReset: false)
        case ("reset", nil, nil): self = .drop(withReset: true)
        case ("silence", _, let duration?): self = .silence(duration, isHalfOpen: false)
        case ("half-open", _, let duration?): self = .silence(duration, isHalfOpen: true)
        case ("skip", let count?, _): self = .skip(count)
        case ("duplicate", let count?, _): self = .duplicate(count)
        case ("garbage", nil, nil): self = .garbage
        case ("oversized", let bytes?, _): self = .oversized(bytes: bytes)
        case ("bomb", let bytes?, _): self = .compressionBomb(bytes: bytes)
        case ("slow", let rate?, let duration?): self = .slow(bytesPerSecond: rate, for: duration)
        case ("close", let code?, _):
            guard let code = UInt16(exactly: code) else { return nil }
            self = .close(CloseCode(rawValue: code), reason: "scripted")
        case ("damage", _, _), ("damage-in-array", _, _):
            guard let damages = Self.damages(value ?? "") else { return nil }
            self = .damage(damages, isInArray: name == "damage-in-array")
        default: return nil
        }
    }

    private static func damages(_ text: Substring) -> [MessageDamage]? {
        if text == "all" { return MessageDamage.allCases.filter { $0 != .truncated } }
        let damages = text.split(separator: "+").map { MessageDamage(rawValue: String($0)) }
        return damages.isEmpty || damages.contains(nil) ? nil : damages.compactMap { $0 }
    }
}

extension String {
    fileprivate var nameAndValue: (Substring, Substring?) {
        let parts = split(separator: "=", maxSplits: 1)
        return (parts.first ?? "", parts.count == 2 ? parts[1] : nil)
    }
}

extension Duration {
    /// `250ms`, `15s`, `2m`.
    fileprivate init?(faultText text: Substring) {
        for (unit, milliseconds) in [("ms", Int64(1)), ("s", 1_000), ("m", 60_000)] where text.hasSuffix(unit) {
            guard let count = Int64(text.dropLast(unit.count)), count >= 0 else { return nil }
            self = .milliseconds(count * milliseconds)
            return
        }
        return nil
    }
}
