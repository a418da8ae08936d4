import WebSocketTransport

/// A subscription written as a query: `?sports=football,tennis&live=true&format=american`.
struct SubscriptionQuery: Sendable, Equatable {
    var filter = SubscriptionFilter()
    var format = OddsFormat.decimal
    var channel = Channel.odds
    var conflation = ConflationClass.none
    var resume: String?
    var heartbeatMilliseconds: Int?
    /// The cursor that changes are asked for after.
    var since: String?

    /// Every parameter that is understood, but for the credentials.
    static let parameterNames = [
        "feeds", "sports", "tournaments", "fixtures", "markets", "live", "format", "ch", "conflate_ms", "hb_ms",
        "resume",
        "since",
    ]

    /// What is wrong with a query.
    struct Invalid: Error, Equatable, CustomStringConvertible {
        let parameter: String
        /// What it must be, or be instead.
        let expected: String

        var description: String { "\(parameter) \(expected)" }
    }

    var key: AudienceKey {
        AudienceKey(channel: channel, filter: filter, format: format, conflation: conflation)
    }

    /// Lists are separated by commas, or given several times. A parameter that is not known is refused, because a misspelt
    /// one would mean "everything".
    init(_ pairs: [(name: String, value: String)]) throws(Invalid) {
        var lists: [String: [String]] = [:]
        var isLive: Bool?
        for (name, value) in pairs {
            switch name {
            case "feeds", "sports", "tournaments", "fixtures", "markets":
                lists[name, default: []] += value.split(separator: ",").map(String.init)
            case "live": isLive = try Self.parsed(name, ["true": true, "false": false][value], "true or false")
            case "format": format = try Self.parsed(name, OddsFormat(rawValue: value), Self.names(OddsFormat.self))
            case "ch": channel = try Self.parsed(name, Channel(rawValue: value), Self.names(Channel.self))
            case "conflate_ms":
                conflation = ConflationClass(
                    roundingUp: try Self.parsed(
                        name, Int(value).flatMap { $0 < 0 ? nil : $0 }, "a number of milliseconds"))
            case "hb_ms": heartbeatMilliseconds = try Self.parsed(name, Int(value), "a number of milliseconds")
            case "resume": resume = value
            case "since": since = value
            // Credentials were looked at before.
            case "token": break
            default:
                let known = Self.parameterNames.joined(separator: ", ")
                throw Invalid(parameter: name, expected: "is not known: known are \(known)")
            }
        }
        filter = SubscriptionFilter(
            feeds: lists["feeds"] ?? [], sports: lists["sports"] ?? [], tournaments: lists["tournaments"] ?? [],
            fixtures: lists["fixtures"] ?? [], markets: lists["markets"] ?? [], isLive: isLive)
    }

    private static func parsed<Value>(
        _ name: String, _ value: Value?, _ expected: @autoclosure () -> String
    ) throws(Invalid) -> Value {
        guard let value else { throw Invalid(parameter: name, expected: "must be \(expected())") }
        return value
    }

    private static func names<Choice: CaseIterable & RawRepresentable>(_ choice: Choice.Type) -> String
    where Choice.RawValue == String { "one of " + choice.allCases.map(\.rawValue).joined(separator: ", ") }
}
