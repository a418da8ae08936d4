import FoundationEssentials

/// What a client asks for, checked for form but not for sense.
enum ClientCommand: Sendable, Equatable {
    struct Subscribe: Sendable, Equatable {
        var id: Int?
        var channel: String
        var filter: SubscriptionFilter
        var unknownFields: [String]
        var format: String
        var conflateMilliseconds: Int
        var resume: String?
    }

    case authenticate(token: String)
    case subscribe(Subscribe)
    case update(id: Int?, sid: Int, add: SubscriptionFilter, remove: SubscriptionFilter, unknownFields: [String])
    case unsubscribe(id: Int?, sid: Int)
    case resync(lane: String)
    /// How often the client wants heartbeats, in milliseconds.
    case heartbeat(Int)

    /// Throws `DecodingError` or `Malformed` for what is no command.
    init(decoding text: [UInt8]) throws {
        let message = try JSONDecoder().decode(Message.self, from: Data(text))
        switch message.t {
        case "auth": self = .authenticate(token: try message.required(message.token, "token"))
        case "sub":
            self = .subscribe(
                .init(
                    id: message.id, channel: message.ch ?? "odds", filter: message.f?.filter ?? SubscriptionFilter(),
                    unknownFields: message.f?.unknownFields ?? [], format: message.format ?? "decimal",
                    conflateMilliseconds: message.conflateMilliseconds ?? 0, resume: message.resume))
        case "upd":
            self = .update(
                id: message.id, sid: try message.required(message.sid, "sid"),
                add: message.add?.filter ?? SubscriptionFilter(), remove: message.del?.filter ?? SubscriptionFilter(),
                unknownFields: (message.add?.unknownFields ?? []) + (message.del?.unknownFields ?? []))
        case "unsub": self = .unsubscribe(id: message.id, sid: try message.required(message.sid, "sid"))
        case "resync": self = .resync(lane: try message.required(message.ln, "ln"))
        case "hb": self = .heartbeat(try message.required(message.heartbeatMilliseconds, "hb_ms"))
        default: throw Malformed(why: "unknown t")
        }
    }

    struct Malformed: Error {
        let why: String
    }
}

/// The members of all commands together.
private struct Message: Decodable {
    let t: String
    let id: Int?
    let sid: Int?
    let ch: String?
    let f: FilterObject?
    let add: FilterObject?
    let del: FilterObject?
    let format: String?
    let conflateMilliseconds: Int?
    let resume: String?
    let ln: String?
    let token: String?
    let heartbeatMilliseconds: Int?

    private enum CodingKeys: String, CodingKey {
        case t, id, sid, ch, f, add, del, format, resume, ln, token
        case conflateMilliseconds = "conflate_ms"
        case heartbeatMilliseconds = "hb_ms"
    }

    func required<Value>(_ value: Value?, _ name: String) throws(ClientCommand.Malformed) -> Value {
        guard let value else { throw .init(why: "\(name) is missing") }
        return value
    }
}

/// A filter as it is written; members that are none of its fields are kept by name, because a misspelt one would otherwise
/// mean "everything".
private struct FilterObject: Decodable {
    let filter: SubscriptionFilter
    let unknownFields: [String]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Name.self)
        var lists: [String: [String]] = [:]
        var isLive: Bool?
        var unknown: [String] = []
        for name in members.allKeys {
            switch name.stringValue {
            case "feeds", "sports", "tournaments", "fixtures", "markets":
                lists[name.stringValue] = try members.decodeIfPresent([String].self, forKey: name)
            case "live": isLive = try members.decodeIfPresent(Bool.self, forKey: name)
            default: unknown.append(name.stringValue)
            }
        }
        filter = SubscriptionFilter(
            feeds: lists["feeds"] ?? [], sports: lists["sports"] ?? [], tournaments: lists["tournaments"] ?? [],
            fixtures: lists["fixtures"] ?? [], markets: lists["markets"] ?? [], isLive: isLive)
        unknownFields = unknown.sorted()
    }
}
