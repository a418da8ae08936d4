import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// What people get wrong, each with the sentence that must name it: at `kill -HUP`, in the environment, and around the
/// process.
@Suite struct SeededMistakesTests {
    // MARK: The configuration of a running process

    @Test(.timeLimit(.minutes(2))) func aMistakeAtSIGHUPIsNamedAndTheOldConfigurationGoesOn() async throws {
        let redis = try await TestServers.redis()
        let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: nil, rate: 100))))
        let port = try FreePort.find()
        let good = """
            redis: { url: "\(redis.url)", prefix: "\(RandomName.next("hup"))" }
            operations: { listen: "127.0.0.1:\(port)" }
            feed_client: { spool: { enabled: false } }
            feeds: { a: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
            """
        let stages = try StageProcesses(configuration: good)
        try await stages.start("feed")
        try await Self.wait { try await Self.frames(stages, port) > 50 }
        let mistakes = CommandLineTests.wrongSettings + CommandLineTests.wrongConnections
        #expect(mistakes.count >= 30)
        let refusal = "the configuration is not taken: everything stays"
        for (index, mistake) in mistakes.enumerated() {
            try await stages.rewrite(configuration: mistake.yaml)
            await stages.signal("feed", SIGHUP)
            try await Self.wait { await stages.output(of: "feed").ranges(of: refusal).count > index }
            let lines = await stages.output(of: "feed").split(separator: "\n")
            let line = lines.last { $0.contains(refusal) } ?? ""
            for word in mistake.words { #expect(line.contains(word), "\(mistake.yaml): \(line)") }
            #expect(!line.contains("hush"), "\(line)")
        }
        let before = try await Self.frames(stages, port)
        try await Self.wait { try await Self.frames(stages, port) > before + 50 }
        #expect(await book.statistics().connections == 1, "the feed was connected anew")

        try await stages.rewrite(configuration: good)
        await stages.signal("feed", SIGHUP)
        try await Self.wait { await stages.output(of: "feed").contains("feeds are read again") }
        await stages.expectCleanEnd()
        await book.stop()
    }

    private static func frames(_ stages: StageProcesses, _ port: Int) async throws -> Double {
        let text = try await stages.shell("curl -s http://127.0.0.1:\(port)/metrics").output
        let line = text.split(separator: "\n").first { $0.hasPrefix("touchline_feed_received_frames_total{") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
    }

    // MARK: The environment

    struct WrongVariable: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let words: [String]
        /// It may be meant so.
        var isWarning = false
        var testDescription: String { "\(name)=\(value)" }
    }

    static let wrongVariables = [
        WrongVariable(name: "TOUCHLINE_WRITER_BATCH_ROWS", value: "many", words: ["'writer.batch_rows' is 'many'"]),
        WrongVariable(name: "TOUCHLINE_REDIS_URL", value: "localhost", words: ["'redis.url' is 'localhost'"]),
        WrongVariable(name: "TOUCHLINE_POSTGRES_URL", value: "mysql://h", words: ["'postgres.url' is 'mysql://h'"]),
        WrongVariable(name: "TOUCHLINE_LOG_LEVEL", value: "loud", words: ["'log.level' is 'loud'", "warning"]),
        WrongVariable(name: "TOUCHLINE_OPERATIONS_LISTEN", value: "9464", words: ["'operations.listen' is '9464'"]),
        WrongVariable(name: "TOUCHLINE_BROADCASTER_LISTEN", value: "0.0.0.0:80", words: ["not loopback"]),
        WrongVariable(name: "TOUCHLINE_FEEDS_A_TOKEN", value: "", words: ["'feeds.a.token' is empty"]),
        WrongVariable(name: "TOUCHLINE_FEEDS_A_STREAMS", value: "odds,score", words: ["'feeds.a.streams' is 'score'"]),
        WrongVariable(
            name: "TOUCHLINE_OPERATIONS_WEBHOOK_URL", value: "hush", words: ["'operations.webhook.url' must be http://"]
        ),
        WrongVariable(
            name: "TOUCHLINE_TRACES_ENDPOINT", value: "h:4318", words: ["'traces.endpoint' must be http://"]),
        WrongVariable(
            name: "TOUCHLINE_RDIS_URL", value: "redis://h", words: ["TOUCHLINE_RDIS_URL is set, and nothing reads it"],
            isWarning: true),
    ]

    @Test(arguments: wrongVariables) func lintNamesAWrongVariable(variable: WrongVariable) async throws {
        let stages = try StageProcesses(
            configuration: "feeds: { a: { provider: sportsbook, url: ws://h, token: x } }")
        try await stages.start("lint", environment: [variable.name: variable.value])
        let outcome = await stages.outcome(of: "lint")
        let output = await stages.output(of: "lint")
        #expect(outcome?.status == .exited(variable.isWarning ? 0 : 2), "\(output)")
        for word in variable.words { #expect(output.contains(word), "\(output)") }
        #expect(!output.contains("hush"), "\(output)")
        await stages.removeFiles()
    }

    // MARK: What a process needs

    private struct Surroundings {
        let redis: RedisServer
        /// Wants a password, evicts, and has no append-only file.
        let otherRedis: RedisServer
        /// Has more in memory than it may, and writes its file when the system likes.
        let tightRedis: RedisServer
        /// Migrated.
        let postgres: String
        let emptyPostgres: String
        /// The migrated one, for a role that may only look.
        let strangersPostgres: String
        let stranger: String
        /// `ws://…`, wants the token `right`.
        let book: String
        /// Folders for files, and one that is none.
        let folder: String
    }

    private struct Mistake {
        let what: String
        var redis: String?
        var postgres: String?
        /// Of the feed, beside its provider.
        var feed: String?
        /// Of the spool, beside its folder.
        var spool = ""
        var rest = ""
        let words: [String]
        var isWarning = false
    }

    @Test(.timeLimit(.minutes(3))) func doctorNamesWhatIsWrongAroundTheProcess() async throws {
        try await Self.with { around in
            for mistake in Self.mistakes(around) {
                let feed = mistake.feed ?? "url: \"\(around.book)\", token: right"
                let stages = try StageProcesses(
                    configuration: """
                        redis: { url: "\(mistake.redis ?? around.redis.url)" }
                        postgres: { url: "\(mistake.postgres ?? around.postgres)" }
                        feed_client: { spool: { directory: "\(around.folder)/spool"\(mistake.spool) } }
                        feeds: { a: { provider: sportsbook, connect_timeout: 2s, \(feed) } }
                        \(mistake.rest)
                        """)
                let (code, output) = try await stages.run(["doctor"])
                #expect(code == (mistake.isWarning ? 0 : 1), "\(mistake.what): \(output)")
                // One line names it, and nothing else is said to be wrong.
                let complaints = output.split(separator: "\n").filter {
                    $0.hasPrefix("PROBLEM") || ($0.hasPrefix("warning") && mistake.isWarning)
                }
                // What to do stands behind what is wrong.
                #expect(complaints.allSatisfy { $0.split(separator: ": ").count >= 3 }, "\(output)")
                let others = complaints.filter { !$0.contains(".listen") || mistake.rest.contains("listen") }
                #expect(
                    others.contains { line in mistake.words.allSatisfy { line.contains($0) } },
                    "\(mistake.what): \(output)")
                #expect(mistake.isWarning || others.count == 1, "\(mistake.what): \(output)")
                #expect(!output.contains("hush"), "\(output)")
                await stages.removeFiles()
            }
        }
    }

    private static func mistakes(_ around: Surroundings) -> [Mistake] {
        let plain = around.book.replacing("ws://", with: "")
        let other = "127.0.0.1:\(around.otherRedis.port)"
        return servers(around, other) + facts(around, other) + [
            Mistake(
                what: "nobody listens", feed: "url: ws://127.0.0.1:1",
                words: ["feed a", "cannot connect", ":1: connection refused:"]),
            Mistake(
                what: "no such host", feed: "url: ws://feed.invalid",
                words: ["feed a", "cannot connect", "feed.invalid"]),
            Mistake(
                what: "another token", feed: "url: \"\(around.book)\", token: hush",
                words: ["feed a", "status 401: token not valid: renew"]),
            Mistake(
                what: "no token", feed: "url: \"\(around.book)\"", words: ["feed a", "status 401"]),
            Mistake(
                what: "no TLS there", feed: "url: \"wss://\(plain)\", token: right", words: ["feed a", "TLS"]),
            Mistake(
                what: "no WebSocket there", feed: "url: \"ws://127.0.0.1:\(around.redis.port)/\"",
                words: ["feed a", "upgrade"]),
            Mistake(
                what: "an absent file of the token", feed: "url: \"\(around.book)\", token_file: /absent/token",
                words: ["feed a", "token file /absent/token"]),
            Mistake(
                what: "a login that is away",
                feed: "url: \"\(around.book)\", login: { url: \"http://127.0.0.1:1/in\", token_field: t }",
                words: ["feed a", "login", "127.0.0.1:1"]),
            Mistake(
                what: "a proxy that is away", feed: "url: \"\(around.book)\", proxy: \"http://u:hush@127.0.0.1:1\"",
                words: ["feed a", "cannot connect"]),
            Mistake(
                what: "a folder for recordings that cannot be made",
                feed: "url: \"\(around.book)\", token: right, record: /proc/none",
                words: ["feed a", "/proc/none", "no such file or directory", "record"]),
            Mistake(
                what: "an archive that cannot be written",
                rest: "writer: { partitions: { keep: 30d, archive: /proc/none } }",
                words: ["archive", "/proc/none", "writer.partitions.archive"]),
            Mistake(
                what: "a webhook that is away",
                rest: "operations: { webhook: { url: \"http://127.0.0.1:1/hush-hush\" } }",
                words: ["operations.webhook", "cannot connect"]),
            Mistake(
                what: "a collector of traces that is away", rest: "traces: { endpoint: \"http://127.0.0.1:1\" }",
                words: ["traces.endpoint", "cannot connect"]),
            Mistake(
                what: "an address of another machine", rest: "operations: { listen: \"192.0.2.1:9464\" }",
                words: ["operations.listen", "192.0.2.1"]),
            Mistake(
                what: "a port that is taken", rest: "operations: { listen: \"\(other)\" }",
                words: ["operations.listen", "another program"], isWarning: true),
            Mistake(
                what: "a certificate that is none",
                rest: "broadcaster: { listen: \"127.0.0.1:0\", tls: { certificate: /dev/null, key: /dev/null } }",
                words: ["broadcaster.tls", "/dev/null", "Certificate"]),
            Mistake(
                what: "keys that are none", rest: "broadcaster: { auth: { jwks_file: /dev/null } }",
                words: ["broadcaster.auth", "/dev/null"]),
        ]
    }

    private static func servers(_ around: Surroundings, _ other: String) -> [Mistake] {
        [
            Mistake(what: "Redis is away", redis: "redis://127.0.0.1:1", words: ["redis", "cannot connect"]),
            Mistake(what: "Redis wants a password", redis: "redis://\(other)", words: ["redis", "NOAUTH"]),
            Mistake(what: "another password", redis: "redis://:hush@\(other)", words: ["redis", "WRONGPASS"]),
            Mistake(what: "Redis evicts", redis: "redis://:right@\(other)", words: ["redis", "noeviction"]),
            Mistake(
                what: "Postgres is away", postgres: "postgresql://touchline@127.0.0.1:1/x",
                words: ["postgres", "refused"]),
            Mistake(
                what: "no such database", postgres: around.postgres.replacing(/\/[^\/?]*(\?|$)/) { "/absent\($0.1)" },
                words: ["postgres", "absent", "does not exist"]),
            Mistake(
                what: "no such role", postgres: around.postgres.replacing(/\/\/[^@\/]*@/, with: "//nobody:hush@"),
                words: ["postgres", "nobody"]),
            Mistake(what: "no tables", postgres: around.emptyPostgres, words: ["postgres", "migrate"]),
            Mistake(
                what: "no tables, and nobody who may make them",
                postgres: around.emptyPostgres.replacing(/\/\/[^@\/]*@/, with: "//\(around.stranger)@"),
                words: ["postgres", "may not make tables", "ALTER DATABASE", "OWNER TO"]),
        ]
    }

    /// What answers, and is not as it must be.
    private static func facts(_ around: Surroundings, _ other: String) -> [Mistake] {
        let tight = "redis://127.0.0.1:\(around.tightRedis.port)"
        func postgres(with setting: String) -> String { around.postgres + "?options=-c%20\(setting)" }
        return [
            Mistake(what: "Redis has no limit", words: ["redis", "no maxmemory", "maxmemory 2gb"], isWarning: true),
            Mistake(
                what: "Redis is full", redis: tight, words: ["redis", "% of maxmemory", "raise maxmemory"],
                isWarning: true),
            Mistake(
                what: "Redis writes late", redis: tight, words: ["redis", "appendfsync", "everysec"], isWarning: true),
            Mistake(
                what: "a user who may not ask", redis: "redis://limited:right@\(other)",
                words: ["redis", "NOPERM", "acl setuser"]),
            Mistake(
                what: "commits that are not waited for", postgres: postgres(with: "synchronous_commit%3Doff"),
                words: ["postgres", "synchronous_commit", "ALTER ROLE"]),
            Mistake(
                what: "a role that may not write", postgres: postgres(with: "default_transaction_read_only%3Don"),
                words: ["postgres", "default_transaction_read_only", "role that owns"]),
            Mistake(
                what: "a role of somebody else", postgres: around.strangersPostgres,
                words: ["postgres", "stranger", "GRANT"]),
            Mistake(
                what: "a partition that nobody made",
                words: ["postgres", "no partition", "touchline partitions create"],
                isWarning: true),
            Mistake(
                what: "a Postgres that may lose everything", words: ["postgres", "fsync off", "postgresql.conf"],
                isWarning: true),
            Mistake(
                what: "a spool larger than its disk", spool: ", max_bytes: 900000GiB",
                words: ["spool", "less than", "feed_client.spool.max_bytes"], isWarning: true),
            Mistake(
                what: "no spool", spool: ", enabled: false", words: ["spool", "off", "feed_client.spool.enabled"],
                isWarning: true),
            Mistake(
                what: "letters that outlive the history", rest: "writer: { partitions: { keep: 30d } }",
                words: ["configuration", "dead_letters.keep", "no longer than the history"], isWarning: true),
        ]
    }

    @Test(.timeLimit(.minutes(1)), arguments: [(200, false), (1_000, true)])
    func doctorNamesALimitOfOpenFiles(limit: Int, isWarning: Bool) async throws {
        let stages = try StageProcesses(configuration: "redis: { url: \"redis://127.0.0.1:1\" }")
        let output = try await stages.shell("ulimit -n \(limit); $TOUCHLINE doctor --config \"$CONFIG\"").output
        let line = output.split(separator: "\n").first { $0.contains("open files") } ?? ""
        #expect(line.hasPrefix(isWarning ? "warning" : "PROBLEM") && line.contains("LimitNOFILE"), "\(output)")
        await stages.removeFiles()
    }

    private static func with(_ body: (Surroundings) async throws -> Void) async throws {
        let redis = try await RedisServer.start()
        var options = RedisServer.Options()
        options.settings = [
            "requirepass right", "maxmemory-policy allkeys-lru", "appendonly no",
            "user limited on >right ~* &* +ping +select +client",
        ]
        let other = try await RedisServer.start(options: options)
        options = RedisServer.Options()
        options.synchronization = "no"
        options.maximumMemoryBytes = 500_000
        let tight = try await RedisServer.start(options: options)
        var settings = SportsbookConfiguration(.load(LoadConfiguration(total: 1, rate: 1)))
        settings.token = "right"
        let book = SportsbookServer(settings)
        let address = try await book.start()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("mistakes")).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestServers.withDatabase { postgres in
            let stages = try StageProcesses(configuration: "postgres: { url: \"\(postgres)\" }")
            #expect(try await stages.run(["migrate"]).code == 0)
            await stages.removeFiles()
            let stranger = RandomName.next("stranger")
            let strangers = try await Self.letStrangerLook(stranger, postgres)
            try await Self.dropNewestPartition(postgres)
            try await TestServers.withDatabase { empty in
                try await body(
                    Surroundings(
                        redis: redis, otherRedis: other, tightRedis: tight, postgres: postgres, emptyPostgres: empty,
                        strangersPostgres: strangers, stranger: stranger, book: address, folder: folder))
            }
        }
        await book.stop()
        await other.stop()
        await tight.stop()
        await redis.stop()
    }

    /// As if no Writer had looked after them for a day.
    private static func dropNewestPartition(_ url: String) async throws {
        _ = try await PipelineDatabase(url).value(
            """
            DO $$ BEGIN
                EXECUTE (SELECT 'DROP TABLE ' || max(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                          WHERE i.inhparent = 'odds_ticks'::regclass);
            END $$
            """)
    }

    /// The URL for a role that may read what the migrator does, and nothing else.
    private static func letStrangerLook(_ role: String, _ url: String) async throws -> String {
        let database = PipelineDatabase(url)
        _ = try await database.value("CREATE ROLE \"\(role)\" LOGIN; GRANT SELECT ON schema_migrations TO \"\(role)\"")
        return url.replacing(/\/\/[^@\/]*@/, with: "//\(role)@")
    }

    private static func wait(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<400 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("not within ten seconds")
    }
}
