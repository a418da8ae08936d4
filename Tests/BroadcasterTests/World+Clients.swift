import FeedModel

@testable import Broadcaster

/// What clients do.
extension World {
    private mutating func randomKey() -> AudienceKey {
        var filter = SubscriptionFilter()
        if Int.random(in: 0..<3, using: &random) == 0 { filter.sports = ["football"] }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.isLive = Bool.random(using: &random) }
        if Int.random(in: 0..<3, using: &random) == 0 { filter.markets = ["1X2", "winner"] }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.feeds = ["book-b"] }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.fixtures = ["fx-1", "book-a|fx-2"] }
        return AudienceKey(
            channel: Int.random(in: 0..<8, using: &random) == 0 ? .fixtures : .odds, filter: filter,
            format: OddsFormat.allCases.randomElement(using: &random) ?? .decimal,
            conflation: ConflationClass.allCases.randomElement(using: &random) ?? .none)
    }

    /// Connections take turns in what they speak.
    private mutating func connect(_ client: BookClient = BookClient(), to instance: TestInstance) -> TestConnection {
        connectionCount += 1
        return instance.connect(client, form: instance.forms[connectionCount % instance.forms.count])
    }

    mutating func connect() throws {
        guard members.count < 5 else { return }
        // Often what another one sees: it is shared.
        let other = Bool.random(using: &random) ? members.randomElement(using: &random) : nil
        let key = other?.keys.min { $0.key < $1.key }?.value ?? randomKey()
        let connection = connect(to: instances[Int.random(in: 0..<2, using: &random)])
        try connection.send("{\"t\":\"hb\",\"hb_ms\":1000}")
        try connection.send(Self.command(key, resume: nil))
        members.append(Member(connection: connection, keys: [1: key], lastSid: 1))
    }

    /// Something more on a connection that there is; often the same in another class.
    mutating func subscribeToo() throws {
        guard let index = members.indices.randomElement(using: &random), members[index].keys.count < 3,
            members[index].connection.outlet.closeCode == nil
        else { return }
        var key = randomKey()
        if Bool.random(using: &random), let former = members[index].keys.min(by: { $0.key < $1.key })?.value {
            key = AudienceKey(
                channel: former.channel, filter: former.filter, format: former.format, conflation: key.conflation)
        }
        try members[index].connection.send(Self.command(key, resume: nil))
        members[index].lastSid += 1
        members[index].keys[members[index].lastSid] = key
    }

    mutating func unsubscribe() throws {
        guard let index = members.indices.randomElement(using: &random), members[index].keys.count > 1,
            members[index].connection.outlet.closeCode == nil,
            let sid = members[index].keys.keys.sorted().randomElement(using: &random)
        else { return }
        try members[index].connection.send("{\"t\":\"unsub\",\"sid\":\(sid)}")
        members[index].keys[sid] = nil
        // What tells it which lanes are gone may be lost with the connection.
        members[index].isConfused = true
        if members[index].hasResumed { members[index].mayHaveForeignLanes = true }
    }

    /// Several subscriptions were not reset alike: who keeps one book for all of them cannot tell what is left of it.
    func isConfused(_ member: Member) -> Bool {
        member.mayHaveForeignLanes || member.connection.client.resetCount > 0 && member.lastSid > 1
    }

    /// The connection breaks; the client resumes on either instance with the last cursor it has.
    mutating func reconnect() throws {
        guard let index = members.indices.randomElement(using: &random) else { return }
        try reconnect(index)
    }

    mutating func reconnect(_ index: Int) throws {
        let client = members[index].connection.client
        let cursors = members[index].keys.keys.sorted().map { client.cursors["\($0)"] }
        let isKnown = !members[index].isConfused && !isConfused(members[index]) && !cursors.contains(nil)
        try reconnect(index, on: isKnown ? cursors.compactMap { $0 } : nil)
    }

    /// Without cursors it begins anew.
    mutating func reconnect(_ index: Int, on cursors: [String]?) throws {
        let member = members[index]
        let client = member.connection.client
        member.connection.cut()
        let connection = connect(client, to: instances[Int.random(in: 0..<2, using: &random)])
        client.begin(with: cursors)
        try connection.send("{\"t\":\"hb\",\"hb_ms\":1000}")
        var keys: [Int: AudienceKey] = [:]
        for (_, key) in member.keys.sorted(by: { $0.key < $1.key }) {
            try connection.send(Self.command(key, resume: cursors?[keys.count]))
            keys[keys.count + 1] = key
        }
        members[index] = Member(connection: connection, keys: keys, lastSid: keys.count, hasResumed: cursors != nil)
    }

    mutating func edit() throws {
        guard let index = members.indices.randomElement(using: &random),
            let (sid, key) = members[index].keys.min(by: { $0.key < $1.key })
        else { return }
        let filter = key.filter
        guard filter.fixtures.count > 1 || filter.markets.count > 1, members[index].connection.outlet.closeCode == nil
        else { return }
        let field = filter.fixtures.count > 1 ? "fixtures" : "markets"
        let (add, remove) = field == "fixtures" ? ("fx-3", "fx-1") : ("totals", "1X2")
        let values = field == "fixtures" ? filter.fixtures : filter.markets
        let isAdding = !values.contains(add)
        let edit = isAdding ? "\"add\":{\"\(field)\":[\"\(add)\"]}" : "\"del\":{\"\(field)\":[\"\(remove)\"]}"
        guard isAdding || values.contains(remove) else { return }
        try members[index].connection.send("{\"t\":\"upd\",\"sid\":\(sid),\(edit)}")
        var edited = filter
        func change(_ list: [String]) -> [String] { isAdding ? (list + [add]).sorted() : list.filter { $0 != remove } }
        if field == "fixtures" {
            edited.fixtures = change(filter.fixtures)
        } else {
            edited.markets = change(filter.markets)
        }
        members[index].keys[sid] = AudienceKey(
            channel: key.channel, filter: edited, format: key.format, conflation: key.conflation)
    }

    /// An instance starts anew from the checkpoint of either; its clients come back somewhere.
    mutating func restart(_ index: Int) throws {
        let source = Int.random(in: 0..<2, using: &random)
        let fresh = TestInstance(feeds: Self.feeds, now: now)
        try fresh.restore(from: instances[source])
        let old = instances[index]
        instances[index] = fresh
        applied[index] = applied[source]
        watch[index] = Self.feeds.map { _ in .interrupted }
        fresh.deliver()
        for member in members.indices where members[member].connection.instance === old { try reconnect(member) }
    }

    mutating func pick(_ body: (Member, inout SplitMix) throws -> Void) rethrows {
        guard let member = members.randomElement(using: &random) else { return }
        try body(member, &random)
    }

    static func command(_ key: AudienceKey, resume: String?) -> String {
        var lists: [String] = []
        for list in key.filter.lists where !list.values.isEmpty {
            lists.append("\"\(list.name)\":[" + list.values.map { "\"\($0)\"" }.joined(separator: ",") + "]")
        }
        if let isLive = key.filter.isLive { lists.append("\"live\":\(isLive)") }
        let resume = resume.map { ",\"resume\":\"\($0)\"" } ?? ""
        return "{\"t\":\"sub\",\"id\":1,\"ch\":\"\(key.channel.rawValue)\",\"f\":{\(lists.joined(separator: ","))},"
            + "\"format\":\"\(key.format.rawValue)\",\"conflate_ms\":\(key.conflation.rawValue)\(resume)}"
    }
}
