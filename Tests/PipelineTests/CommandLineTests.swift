import DevServices
import Foundation
import TestSupport
import Testing

/// What a wrong setting or option says: one sentence that names it, and exit code 2; never a trap, never a secret.
@Suite struct CommandLineTests {
    struct WrongSetting: Sendable, CustomTestStringConvertible {
        let yaml: String
        /// What the sentence must name.
        let words: [String]
        var testDescription: String { yaml }
    }

    private static let digest = String(repeating: "a", count: 64)

    static let wrongSettings = [
        WrongSetting(yaml: "writer: { batch_bytes: 9223372036854775807GiB }", words: ["line 1", "writer.batch_bytes"]),
        WrongSetting(yaml: "writer: { batch_period: 9223372036854775807h }", words: ["line 1", "writer.batch_period"]),
        WrongSetting(yaml: "dead_letters: { keep: 5m }", words: ["line 1", "dead_letters.keep"]),
        WrongSetting(yaml: "dead_letters: { warn_above: 0 }", words: ["line 1", "dead_letters.warn_above"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: sportsbook, url: ws://h, clock_slack: 8d } }",
            words: ["feeds.a.clock_slack", "8d"]),
        WrongSetting(yaml: "writer: { batch_rows: -1 }", words: ["writer.batch_rows", "1 to 100000"]),
        WrongSetting(yaml: "writer:\n  bach_rows: 5", words: ["line 2", "unknown key 'writer.bach_rows'"]),
        WrongSetting(
            yaml: "writer: { partitions: { unit: week } }", words: ["line 1", "writer.partitions.unit", "day, hour"]),
        WrongSetting(yaml: "writer: { partitions: { keep: 2d } }", words: ["writer.partitions.keep", "2d"]),
        WrongSetting(
            yaml: "writer: { partitions: { keep: 30d, archive: here } }",
            words: ["writer.partitions.archive", "absolute path"]),
        WrongSetting(
            yaml: "writer: { partitions: { archive: /srv } }", words: ["writer.partitions.archive", "'keep'"]),
        WrongSetting(
            yaml: "writer: { partitions: { keep: 30d, archive: s3://x } }",
            words: ["line 1", "writer.partitions.archive", "3 to 63"]),
        WrongSetting(
            yaml: "writer: { partitions: { keep: 30d, archive: s3://history/p } }",
            words: ["writer.partitions.archive", "no credentials", "object_store.secret_key", "AWS_ACCESS_KEY_ID"]),
        WrongSetting(yaml: "object_store: { access_key: hush }", words: ["object_store.secret_key", "missing"]),
        WrongSetting(
            yaml: "object_store: { secret_key: hush, access_key: '' }", words: ["object_store.access_key", "empty"]),
        WrongSetting(
            yaml: "object_store: { endpoint: 's3.example' }", words: ["line 1", "object_store.endpoint", "no scheme"]),
        WrongSetting(
            yaml: "object_store: { endpoint: 'https://u:hush@s3.example' }", words: ["object_store.endpoint"]),
        WrongSetting(yaml: "object_store: { part_bytes: 1MiB }", words: ["object_store.part_bytes", "1MiB"]),
        WrongSetting(yaml: "object_store: { staging: here }", words: ["object_store.staging", "absolute path"]),
        WrongSetting(yaml: "object_store: { ca: /absent }", words: ["object_store.ca", "/absent"]),
        WrongSetting(yaml: "object_store: { bucket: x }", words: ["unknown key 'object_store.bucket'", "path_style"]),
        WrongSetting(yaml: "redis: { url: http://x }", words: ["redis.url"]),
        WrongSetting(yaml: "redis: { url: redis://x/99999999999 }", words: ["redis.url"]),
        WrongSetting(yaml: "postgres: { url: mysql://u:hush@h/d }", words: ["postgres.url"]),
        WrongSetting(yaml: "log: { level: loud }", words: ["log.level", "warning"]),
        WrongSetting(yaml: "log: { format: xml }", words: ["line 1: 'log.format'", "text, logfmt, json"]),
        WrongSetting(yaml: "log: { levels: { writer: loud } }", words: ["'log.levels.writer' is 'loud'"]),
        WrongSetting(
            yaml: "log: { levels: { writers: info } }", words: ["unknown key 'log.levels.writers'", "writer"]),
        WrongSetting(yaml: "operations: { webhook: {} }", words: ["'operations.webhook.url' is missing", "https://"]),
        WrongSetting(
            yaml: "operations: { webhook: { url: 'hooks.example/hush' } }", words: ["'operations.webhook.url' must be"]),
        WrongSetting(
            yaml: "operations: { webhook: { url: 'http://h/hush', every: 0s } }", words: ["operations.webhook.every"]),
        WrongSetting(
            yaml: "operations: { webhook: { url: 'http://h', headers: { 'a b': hush } } }",
            words: ["operations.webhook.headers.a b"]),
        WrongSetting(yaml: "traces: {}", words: ["'traces.endpoint' is missing", "4318"]),
        WrongSetting(yaml: "traces: { endpoint: 'localhost:4318' }", words: ["'traces.endpoint'", "no scheme"]),
        WrongSetting(yaml: "traces: { endpoint: 'http://u:hush@h' }", words: ["traces.endpoint", "in a header"]),
        WrongSetting(yaml: "traces: { endpoint: 'http://h/v1/traces' }", words: ["traces.endpoint", "without /v1"]),
        WrongSetting(yaml: "traces: { endpoint: 'http://h?a=b' }", words: ["traces.endpoint", "end with its path"]),
        WrongSetting(yaml: "traces: { endpoint: 'http://h', sample: 0 }", words: ["traces.sample", "from 1 to"]),
        WrongSetting(yaml: "traces: { endpoint: 'http://h', proxy: hush }", words: ["traces.proxy", "http://"]),
        WrongSetting(
            yaml: "traces: { endpoint: 'http://h', headers: { 'a b': hush } }", words: ["traces.headers.a b"]),
        WrongSetting(yaml: "traces: { endpoint: 'http://h', ratio: 1 }", words: ["unknown key 'traces.ratio'"]),
        WrongSetting(yaml: "log: { level: info }\nlog: { level: info }", words: ["the same key twice: 'log'"]),
        WrongSetting(yaml: "log: [", words: ["not YAML"]),
        WrongSetting(yaml: "broadcaster: { listen: 127.evil.example.com:80 }", words: ["not loopback"]),
        WrongSetting(yaml: "broadcaster: { listen: '0.0.0.0:80' }", words: ["not loopback"]),
        WrongSetting(
            yaml: "broadcaster: { listen: '0.0.0.0:80', auth: { token: '' } }",
            words: ["broadcaster.auth.token", "empty"]),
        WrongSetting(
            yaml: "broadcaster: { listen: '0.0.0.0:80', auth: { audience: odds } }",
            words: ["broadcaster.auth.audience", "not loopback", "jwt_secret"]),
        WrongSetting(
            yaml: "broadcaster: { auth: { jwt_secret: hush } }", words: ["jwt_secret", "32 bytes", "openssl"]),
        WrongSetting(yaml: "broadcaster: { auth: { jwks_file: /absent } }", words: ["auth.jwks_file", "/absent"]),
        WrongSetting(
            yaml: "broadcaster: { auth: { api_keys: { a: { sha256: hush }, b: { feeds: [x] } } } }",
            words: ["api_keys.a.sha256", "64 hexadecimal", "api_keys.b.sha256", "missing"]),
        WrongSetting(
            yaml: "broadcaster: { auth: { api_keys: { a: { sha256: \(digest) }, b: { sha256: \(digest) } } } }",
            words: ["api_keys.b.sha256", "another key"]),
        WrongSetting(
            yaml: "broadcaster: { tls: { certificate: /dev/null } }", words: ["broadcaster.tls.key", "missing"]),
        WrongSetting(yaml: "broadcaster: { tls: { key: /absent } }", words: ["broadcaster.tls.key", "/absent"]),
        WrongSetting(
            yaml: "broadcaster: { allowed_origins: ['https://a.example/path'] }",
            words: ["broadcaster.allowed_origins", "without a path"]),
        WrongSetting(
            yaml: "broadcaster: { limits: { subscriptions: 0 } }", words: ["limits.subscriptions", "1 to 10000"]),
        WrongSetting(yaml: "feeds: { A: { provider: sportsbook, url: ws://h } }", words: ["feed name 'A'"]),
        WrongSetting(yaml: "feeds: { a: { provider: bet, url: ws://h } }", words: ["feeds.a.provider", "sportsbook"]),
        WrongSetting(yaml: "feeds: { a: { provider: sportsbook } }", words: ["feeds.a.url", "missing"]),
        WrongSetting(yaml: "feeds: { a: { provider: sportsbook, url: ws:// } }", words: ["feeds.a.url", "no host"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: sportsbook, url: ws://h:99999 } }", words: ["feeds.a.url", "bad port"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: betfair, url: ws://h } }", words: ["feeds.a.app_key", "feeds.a.token"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: polymarket, url: ws://h } }", words: ["feeds.a.markets", "asset ids"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: kalshi, url: ws://h, markets: [] } }",
            words: ["feeds.a.markets", "market tickers"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: kalshi, url: ws://h, markets: [A], channels: [books] } }",
            words: ["feeds.a.channels", "'books'", "orderbook_delta"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: kalshi, url: ws://h, markets: ['A B'] } }",
            words: ["feeds.a.markets", "'A B'"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: kalshi, url: ws://h, markets: [A], headers: { 'K Y': hush } } }",
            words: ["feeds.a.headers.K Y", "name"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: kalshi, url: ws://h, markets: [A], headers: { K: \"hush\\nX\" } } }",
            words: ["feeds.a.headers.K", "value"]),
        WrongSetting(yaml: kalshi("access_key: hush"), words: ["feeds.a.private_key_file", "missing", "PEM"]),
        WrongSetting(
            yaml: kalshi("private_key_file: /absent.pem\n    access_key: hush"),
            words: ["line 6: 'feeds.a.private_key_file' is '/absent.pem'", "a readable PEM file"]),
        WrongSetting(yaml: kalshi("private_key_file: /dev/null"), words: ["feeds.a.access_key", "missing"]),
        WrongSetting(
            yaml: kalshi("private_key_file: /dev/null\n    access_key: hush"),
            words: ["line 6: 'feeds.a.private_key_file'", "/dev/null", "cannot be used"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: sportsbook, url: ws://h, access_key: hush } }",
            words: ["feeds.a.access_key", "kalshi"]),
        WrongSetting(
            yaml: "feeds: { a: { provider: sportsbook, url: ws://h, token: '${TOUCHLINE_NOWHERE}' } }",
            words: ["TOUCHLINE_NOWHERE is not set"]),
    ]

    private static func betfair(_ url: String, _ setting: String = "orders: true") -> String {
        "feeds:\n  a:\n    provider: betfair\n    url: \(url)\n    app_key: hush\n    token: hush\n    \(setting)"
    }

    private static func kalshi(_ settings: String) -> String {
        "feeds:\n  a:\n    provider: kalshi\n    url: ws://h\n    markets: [A]\n    \(settings)"
    }

    /// How a feed is connected to.
    static let wrongConnections = [
        WrongSetting(
            yaml: feed("tls:\n      ca: /absent/ca.pem\n      cert: /absent/cert.pem\n      key: /absent/key.pem"),
            words: ["line 6: 'feeds.a.tls.ca' is '/absent/ca.pem'", "line 7", "line 8", "a readable PEM file"]),
        WrongSetting(yaml: feed("tls: { cert: /dev/null }"), words: ["line 5", "feeds.a.tls", "both"]),
        WrongSetting(yaml: feed("tls: { authority: x }"), words: ["unknown key 'feeds.a.tls.authority'", "ca, cert"]),
        WrongSetting(yaml: feed("tls: { server_name: x }", scheme: "ws"), words: ["feeds.a.tls", "wss://"]),
        WrongSetting(yaml: feed("proxy: socks://u:hush@h"), words: ["line 5", "feeds.a.proxy", "http://"]),
        WrongSetting(
            yaml: feed("proxy: http://u:hush@h", host: "10.0.0.1"), words: ["feeds.a.proxy", "tls.server_name"]),
        WrongSetting(yaml: feed("headers: { Host: hush }"), words: ["feeds.a.headers.Host", "itself"]),
        WrongSetting(yaml: feed("headers: { 'a b': hush }"), words: ["feeds.a.headers.a b", "HTTP does not allow"]),
        WrongSetting(yaml: feed("headers: { a: \"hush\\nb: c\" }"), words: ["feeds.a.headers.a", "does not allow"]),
        WrongSetting(
            yaml: feed("headers: { Authorization: hush }\n    token: hush"), words: ["feeds.a.headers", "'token'"]),
        WrongSetting(
            yaml: feed("login: { url: 'http://l', token_field: t }\n    token: hush"),
            words: ["line 5: 'feeds.a.login'", "'token_file'"]),
        WrongSetting(
            yaml: feed("login: { url: 'http://l', token_field: t }\n    token_file: /x"),
            words: ["line 5: 'feeds.a.login'", "leave out"]),
        WrongSetting(yaml: feed("login: { token_field: t }"), words: ["line 5", "feeds.a.login.url", "missing"]),
        WrongSetting(yaml: feed("login: { url: 'http://l' }"), words: ["feeds.a.login.token_field", "data.token"]),
        WrongSetting(
            yaml: feed("login: { url: 'ws://l', token_field: t }"), words: ["feeds.a.login.url", "neither http nor"]),
        WrongSetting(
            yaml: feed("login: { url: 'http://l', token_field: t, headers: { 'a b': hush } }"),
            words: ["feeds.a.login.headers.a b"]),
        WrongSetting(yaml: feed("login: {}"), words: ["line 5: 'feeds.a.login.url' is missing"]),
        WrongSetting(yaml: feed("token_file: /tmp"), words: ["line 5: 'feeds.a.token_file'", "a folder"]),
        WrongSetting(yaml: feed("tls: { ca: /tmp }"), words: ["line 5: 'feeds.a.tls.ca'", "a folder"]),
        WrongSetting(yaml: feed("streams: []"), words: ["feeds.a.streams", "at least one"]),
        WrongSetting(yaml: feed("app_key: hush"), words: ["line 5: 'feeds.a.app_key'", "betfair"]),
        WrongSetting(yaml: feed("markets: [A]"), words: ["line 5: 'feeds.a.markets'", "polymarket or kalshi"]),
        WrongSetting(yaml: betfair("tls://h:1", "channels: [trade]"), words: ["line 7: 'feeds.a.channels'", "kalshi"]),
        WrongSetting(
            yaml: "operations: { listen: '127.0.0.1:8080' }", words: ["line 1: 'operations.listen'", "broadcaster"]),
        WrongSetting(yaml: feed("login: { url: 'http://l', path: t }"), words: ["unknown key 'feeds.a.login.path'"]),
        WrongSetting(yaml: feed("connect_timeout: 0s"), words: ["feeds.a.connect_timeout", "duration"]),
        WrongSetting(yaml: feed("answer_timeout: 0s"), words: ["feeds.a.answer_timeout", "duration"]),
        WrongSetting(
            yaml: feed("token: hush", scheme: "tls", host: "h:443"), words: ["line 4: 'feeds.a.url'", "only betfair"]),
        WrongSetting(yaml: betfair("tls://h"), words: ["line 4: 'feeds.a.url'", "no port"]),
        WrongSetting(yaml: betfair("tls://h:443/path"), words: ["feeds.a.url", "nothing may follow the port"]),
        WrongSetting(
            yaml: betfair("tcp://h:1", "tls: { server_name: x }"), words: ["line 7: 'feeds.a.tls'", "tls://"]),
        WrongSetting(yaml: betfair("tls://h:1", "headers: { X: hush }"), words: ["line 7: 'feeds.a.headers'"]),
        WrongSetting(yaml: betfair("tls://h:1", "orders: some"), words: ["line 7: 'feeds.a.orders'", "true or false"]),
        WrongSetting(yaml: feed("orders: true"), words: ["line 5: 'feeds.a.orders'", "betfair only"]),
        WrongSetting(yaml: feed("ping_interval: 2 days"), words: ["feeds.a.ping_interval", "duration"]),
        WrongSetting(yaml: feed("pong_timeout: -1s"), words: ["feeds.a.pong_timeout", "duration"]),
    ]

    private static func feed(_ setting: String, scheme: String = "wss", host: String = "h") -> String {
        "feeds:\n  a:\n    provider: sportsbook\n    url: \(scheme)://\(host)\n    \(setting)"
    }

    @Test(arguments: wrongSettings + wrongConnections) func `lint names what is wrong`(setting: WrongSetting)
        async throws
    {
        let program = try StageProcesses(configuration: setting.yaml)
        let (code, output) = try await program.run(["lint"])
        #expect(code == 2)
        for word in setting.words { #expect(output.contains(word), "\(output)") }
        #expect(!output.contains("hush"), "\(output)")
        await program.removeFiles()
    }

    @Test func `lint prints what is in force without secrets`() async throws {
        let key = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("key")).path
        defer { try? FileManager.default.removeItem(atPath: key) }
        _ = try await ChildProcess.run("openssl", ["genrsa", "-out", key, "2048"])
        let program = try StageProcesses(
            configuration: """
                redis: { url: "redis://:hush1@h:1" }
                postgres: { url: "host=127.0.0.1 password=hush2" }
                broadcaster: { auth: { token: hush3 } }
                traces: { endpoint: "https://h/otlp", headers: { Authorization: hush14 } }
                feeds:
                  a:
                    provider: sportsbook
                    url: "wss://h/feed?token=hush4"
                    token: hush5
                    proxy: http://user:hush6@p:3128
                    headers: { X-Key: hush7 }
                    tls: { server_name: feed.example }
                    ping_interval: 5s
                  b: { provider: kalshi, url: "ws://h", markets: [A-B-C], headers: { X-KEY: hush8 } }
                  d:
                    provider: betfair
                    url: "ws://h"
                    app_key: hush10
                    login: { url: "https://l/in?token=hush11", body: hush12, headers: { X: hush13 }, token_field: a.b }
                  c: { provider: kalshi, url: "ws://h", markets: [A], access_key: hush9, private_key_file: "\(key)" }
                """)
        let (code, output) = try await program.run(["lint"])
        #expect(code == 0)
        for shown in [
            "traces:      { endpoint: https://h/otlp, sample: 1000, proxy: none, headers: { Authorization: hidden } }",
            "host=127.0.0.1", "proxy: http://***@p:3128", "X-Key: hidden", "server_name: feed.example",
            "connect_timeout: 10000ms", "answer_timeout: 5000ms", "ping_interval: 5000ms", "pong_timeout: 10000ms",
            "login: { url: https://l/in?token=***, token_field: a.b, body: hidden, headers: { X: hidden } }",
            "markets: [A-B-C]", "X-KEY: hidden", "access_key: hidden", "private_key_file: \(key)",
        ] { #expect(output.contains(shown), "\(output)") }
        #expect(!output.contains("hush"), "\(output)")
        await program.removeFiles()
    }

    @Test(arguments: [
        "sportsbook --rate 1e-300", "sportsbook --rate 1e308", "sportsbook --rate nan", "sportsbook --fixtures 0",
        "sportsbook --listen nowhere", "demo --rate -1", "demo --port 70000", "demo --log-level loud",
        "replay nowhere.ndjson --provider betfair", "replay /dev/null --provider betting",
        "replay /dev/null --provider betfair --speed 0", "replay /dev/null --provider betfair --from noon",
        "replay /dev/null --provider betfair --longest-silence -1", "bench chain --messages 0", "no-such-command",
    ])
    func `a wrong option is named and ends with 2`(line: String) async throws {
        let program = try StageProcesses(configuration: "")
        let words = line.split(separator: " ").map(String.init)
        let takesConfiguration = words[0] == "replay"
        let (code, output) =
            takesConfiguration ? try await program.run(words) : try await program.runWithoutConfiguration(words)
        #expect(code == 2, "\(output)")
        #expect(!output.isEmpty)
        await program.removeFiles()
    }

    @Test func `doctor says what is wrong with what it connects to`() async throws {
        let redis = try await TestServers.redis()
        let program = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)" }
                postgres: { url: "postgresql://touchline@127.0.0.1:1/none" }
                feed_client: { spool: { directory: /proc/nowhere } }
                feeds:
                  gone: { provider: sportsbook, url: "ws://127.0.0.1:1/feed" }
                  tokenless: { provider: sportsbook, url: "ws://127.0.0.1:1/feed", token_file: /nowhere }
                """)
        let (code, output) = try await program.run(["doctor"])
        #expect(code == 1)
        #expect(output.contains("ok       redis answers"), "\(output)")
        for wrong in [
            "PROBLEM  postgres: ", "PROBLEM  spool: /proc/nowhere", "PROBLEM  feed gone: cannot connect",
            "PROBLEM  feed tokenless: the token file /nowhere",
        ] { #expect(output.contains(wrong), "\(output)") }

        let (codeOfJSON, json) = try await program.run(["doctor", "--json"])
        #expect(codeOfJSON == 1)
        let findings = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: String]])
        let states = Dictionary(findings.map { ($0["subject"] ?? "", $0["state"] ?? "") }) { first, _ in first }
        #expect(states["redis answers"] == "ok" && states["postgres"] == "problem" && states["spool"] == "problem")
        let gone = try #require(findings.first { $0["subject"] == "feed gone" })
        #expect(gone["state"] == "problem" && gone["problem"]?.hasPrefix("cannot connect") == true, "\(gone)")
        #expect(findings.allSatisfy { ($0["problem"] == nil) == ($0["state"] == "ok") }, "\(json)")
        await program.removeFiles()
    }

    @Test func `doctor asks each address who is there`() async throws {
        let redis = try await TestServers.redis()
        let (port, absent) = (try FreePort.find(), try FreePort.find())
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)", prefix: "\(RandomName.next("doctor"))" }
                feeds: { a: { provider: sportsbook, url: "ws://127.0.0.1:1" } }
                broadcaster: { listen: "127.0.0.1:\(port)" }
                operations: { listen: "127.0.0.1:0" }
                """)
        try await stages.start("broadcast")
        // The Broadcaster alone is there, and nobody at the address of the operations.
        let operations = ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:\(absent)"]
        var output = ""
        for _ in 0..<100 where !output.contains("served by") {
            try await stages.start("doctor", environment: operations)
            _ = await stages.outcome(of: "doctor")
            output = await stages.output(of: "doctor")
            if !output.contains("served by") { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(
            output.contains("ok       broadcaster.listen 127.0.0.1:\(port) is served by a running touchline"),
            "\(output)")
        #expect(output.contains("operations.listen 127.0.0.1:\(absent) can be listened on"), "\(output)")
        // A port that somebody else has.
        let foreign = "127.0.0.1:\(redis.port)"
        try await stages.start(
            "doctor", as: "foreign",
            environment: operations.merging(["TOUCHLINE_BROADCASTER_LISTEN": foreign]) { $1 })
        _ = await stages.outcome(of: "foreign")
        output = await stages.output(of: "foreign")
        #expect(
            output.contains("warning  broadcaster.listen: cannot listen on \(foreign): another program"), "\(output)")
        _ = await stages.stop()
        await stages.removeFiles()
    }

    @Test func `what is not there is said to be not there`() async throws {
        let program = try StageProcesses(configuration: "")
        let lint = try await program.shell(#"cd "$(dirname "$CONFIG")" && mkdir bare && cd bare && $TOUCHLINE lint"#)
            .output
        #expect(lint.contains("there is no touchline.yaml in ") && lint.contains("/bare: defaults"), "\(lint)")
        let test = try await program.runWithoutConfiguration(["test", "/absent.yaml"])
        #expect(test.code == 2 && test.output.contains("/absent.yaml: there is no such file"), "\(test.output)")
        let fill = try await program.run(["replay", "/absent.ndjson", "--provider", "sportsbook", "--fill"])
        #expect(fill.code == 2 && fill.output.contains("/absent.ndjson: no such file or directory"), "\(fill.output)")
        let keys = try await program.shell(#"$TOUCHLINE token key --directory "$(dirname "$CONFIG")/new/keys""#).output
        #expect(keys.contains("/new/keys/private.jwk\n"), "\(keys)")
        await program.removeFiles()
    }
}
