import Testing

@testable import Touchline

/// What a configuration that is read again changes, by the names that people know.
@Suite struct ConfigurationDifferenceTests {
    private static let base = """
        redis: { url: "redis://:hush@h:1/0" }
        postgres: { url: "postgresql://u:hush@h/d" }
        broadcaster: { auth: { token: hush-hush } }
        feeds: { a: { provider: sportsbook, url: "ws://h" } }
        """

    private static func read(_ yaml: String) throws -> TouchlineConfiguration {
        try .read(ConfigurationNode(parsing: yaml, file: "test"), file: "test", environment: [:])
    }

    private static func difference(
        to yaml: String, stages: Set<Stage> = Set(Stage.allCases)
    ) throws -> ConfigurationDifference {
        let start = try read(base)
        return ConfigurationDifference(from: start, to: try read(yaml), start: start, stages: stages)
    }

    /// What is written instead of a line of the base, or beside it, and how it is called.
    struct Change: Sendable, CustomTestStringConvertible {
        let name: String
        var old = ""
        let new: String
        var isTaken = false
        var testDescription: String { name }

        var yaml: String { old.isEmpty ? "\(base)\n\(new)" : base.replacing(old, with: new) }
    }

    static let changes = [
        Change(name: "redis.url", old: "@h:1/0", new: "@h:2/0"),
        Change(name: "redis.prefix", old: "@h:1/0\" }", new: "@h:1/0\", prefix: other }"),
        Change(name: "postgres.url", old: "u:hush", new: "u:hush-hush"),
        Change(name: "postgres.connections", old: "@h/d\" }", new: "@h/d\", connections: 3 }"),
        Change(name: "feeds", old: "\"ws://h\"", new: "\"ws://h\", token: hush-hush", isTaken: true),
        Change(name: "feed_client.linger", new: "feed_client: { linger: 2ms }"),
        Change(name: "feed_client.spool", new: "feed_client: { spool: { max_bytes: 2GiB } }"),
        Change(name: "writer.batch_rows", new: "writer: { batch_rows: 6000 }"),
        Change(name: "writer.batch_bytes", new: "writer: { batch_bytes: 5MiB }"),
        Change(name: "writer.batch_period", new: "writer: { batch_period: 60ms }"),
        Change(name: "writer.raw_audit", new: "writer: { raw_audit: true }"),
        Change(name: "writer.partitions", new: "writer: { partitions: { keep: 400d } }"),
        Change(name: "dead_letters", new: "dead_letters: { warn_above: 5 }"),
        Change(
            name: "broadcaster.listen", old: "broadcaster: {", new: "broadcaster: { listen: \"127.0.0.1:81\","),
        Change(name: "broadcaster.auth.token", old: "hush-hush", new: "hush-again", isTaken: true),
        Change(
            name: "broadcaster.auth.api_keys", old: "hush-hush",
            new: "hush-hush, api_keys: { a: { sha256: \(String(repeating: "a", count: 64)) } }", isTaken: true),
        Change(
            name: "broadcaster.auth.jwt_secret", old: "hush-hush",
            new: "hush-hush, jwt_secret: hush-hush-hush-hush-hush-hush-hush"),
        Change(
            name: "broadcaster.allowed_origins", old: "broadcaster: {",
            new: "broadcaster: { allowed_origins: [\"https://a.example\"],"),
        Change(
            name: "broadcaster.compress", old: "broadcaster: {", new: "broadcaster: { compress: true,"),
        Change(
            name: "broadcaster.event_loops", old: "broadcaster: {", new: "broadcaster: { event_loops: 9,"),
        Change(
            name: "broadcaster.limits", old: "broadcaster: {", new: "broadcaster: { limits: { subscriptions: 5 },"),
        Change(name: "operations.listen", new: "operations: { listen: \"127.0.0.1:82\" }"),
        Change(name: "operations.webhook", new: "operations: { webhook: { url: \"http://h/hush\" } }", isTaken: true),
        Change(name: "log", new: "log: { level: debug }", isTaken: true),
    ]

    @Test(arguments: changes) func `a change is named, and nothing else`(change: Change) throws {
        let difference = try Self.difference(to: change.yaml)
        #expect(difference.taken == (change.isTaken ? [change.name] : []))
        #expect(difference.needsRestart == (change.isTaken ? [] : [change.name]))
    }

    @Test func `every setting has a change here`() {
        let named = Set(Self.changes.map(\.name))
        let others: Set = [
            "object_store", "broadcaster.tls", "broadcaster.auth.jwks_file", "broadcaster.auth.audience",
            "broadcaster's feeds",
        ]
        #expect(Set(Setting.all.map(\.name)) == named.union(others))
    }

    @Test func `a stage names only what it uses`() throws {
        let yaml = Self.base.replacing("@h:1/0", with: "@h:2/0") + "\nwriter: { batch_rows: 6000 }"
        #expect(try Self.difference(to: yaml, stages: [.feed]).needsRestart == ["redis.url"])
        #expect(try Self.difference(to: yaml, stages: [.write]).needsRestart == ["redis.url", "writer.batch_rows"])
    }

    @Test func `another feed is taken, and a broadcaster needs a restart for it`() throws {
        let yaml = Self.base.replacing("feeds: {", with: "feeds: { b: { provider: sportsbook, url: \"ws://i\" },")
        let difference = try Self.difference(to: yaml)
        #expect(difference.taken == ["feeds"] && difference.needsRestart == ["broadcaster's feeds"])
        #expect(try Self.difference(to: yaml, stages: [.process]).needsRestart.isEmpty)
    }

    @Test func `a port that asked for keys stays closed`() throws {
        let open = try Self.difference(to: Self.base.replacing("broadcaster: { auth: { token: hush-hush } }", with: ""))
        #expect(open.taken.isEmpty && open.needsRestart == ["broadcaster.auth.token"] && !open.isTakingKeys)
    }

    @Test func `what was taken is not named again, and what needs a restart is`() throws {
        let start = try Self.read(Self.base)
        let new = try Self.read(Self.base + "\nlog: { level: debug }\nwriter: { batch_rows: 6000 }")
        var inForce = start
        let first = ConfigurationDifference(from: start, to: new, start: start, stages: [.write])
        first.take(new, into: &inForce)
        let second = ConfigurationDifference(from: inForce, to: new, start: start, stages: [.write])
        #expect(first.taken == ["log"] && second.taken.isEmpty)
        #expect(second.needsRestart == ["writer.batch_rows"])
    }
}
