import Testing

@testable import Touchline

/// Settings that are right one by one and unsafe together: each is named, with what to do.
@Suite struct HazardTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let yaml: String
        let words: [String]
        var testDescription: String { yaml }

        init(_ yaml: String, _ words: String...) {
            self.yaml = yaml
            self.words = words
        }
    }

    static let cases = [
        Case("feed_client: { spool: { max_bytes: 2MiB } }", "spool.max_bytes' is 2 MiB", "single frame", "64 MiB"),
        Case("feed_client: { spool: { max_bytes: 32MiB } }", "spool.max_bytes' is 32 MiB", "one segment", "64 MiB"),
        Case(
            """
            feed_client: { spool: { directory: /srv/x } }
            feeds: { a: { provider: sportsbook, url: "ws://h", record: /srv/x } }
            """, "feeds.a.record", "same folder", "a folder of their own"),
        Case(
            "feed_client: { spool: { directory: spool } }", "spool.directory' is 'spool'", "another folder",
            "from the root"),
        Case("postgres: { connections: 8 }", "postgres.connections' is 8", "4 at most", "another Writer"),
        Case("writer: { batch_period: 3s }", "writer.batch_period' is 3s", "set a second or less"),
        Case(
            "writer: { partitions: { keep: 30d } }", "dead_letters.keep' is 90d", "writer.partitions.keep' with 30d",
            "keep letters no longer"),
        Case(
            "writer: { raw_audit: true, partitions: { keep: 100d, keep_raw: 200d } }", "keep_raw' is 200d",
            "100d or less"),
        Case("writer: { partitions: { keep_raw: 30d } }", "keep_raw' is set", "raw_audit' is off", "turn the audit on"),
        Case("writer: { partitions: { unit: hour } }", "unit' is hour", "no 'keep'", "8,760", "by the day"),
        Case(
            "writer: { partitions: { unit: hour, keep: 100d } }", "unit' is hour", "2400 partitions", "by the day"),
        Case(
            "broadcaster: { listen: \"0.0.0.0:80\", auth: { token: hush-hush } }", "without 'broadcaster.tls'",
            "in the clear", "certificate and key"),
        Case(
            "broadcaster: { limits: { command_burst: 5 } }", "command_burst' is 5", "commands_per_s", "as much or more"),
        Case(
            "broadcaster: { limits: { commands_per_key_s: 5 } }", "commands_per_key_s' is 5", "commands_per_s': 10",
            "as much or more"),
        Case(
            "feeds: { a: { provider: sportsbook, url: \"ws://h\", ping_interval: 110s, pong_timeout: 20s } }",
            "feeds.a'", "'stale_after' is 2m", "130s", "above the sum"),
        Case(
            "feeds: { a: { provider: sportsbook, url: \"ws://h\", streams: [fixtures] } }", "feeds.a'", "may be quiet",
            "quiet_ok"),
        Case(
            """
            feeds:
              a: { provider: sportsbook, url: "ws://h", token: hush-hush }
              b: { provider: sportsbook, url: "ws://h", token: hush-hush }
            """, "feeds.b' is the same as 'feeds.a'", "taken twice", "leave one of them out"),
        Case(
            "operations: { webhook: { url: \"http://h\", silent_after: 2s } }", "silent_after' is 2s", "set 10s or more"
        ),
    ]

    private static func warnings(_ yaml: String) throws -> [ConfigurationWarning] {
        try TouchlineConfiguration.read(ConfigurationNode(parsing: yaml, file: "test"), file: "test", environment: [:])
            .warnings
    }

    @Test(arguments: cases) func `what is unsafe together is named once, with what to do`(unsafe: Case) throws {
        let warnings = try Self.warnings(unsafe.yaml)
        #expect(warnings.count == 1)
        let sentence = warnings.first.map { "\($0)" } ?? ""
        for word in unsafe.words { #expect(sentence.contains(word), "\(sentence)") }
        #expect(
            !sentence.contains("hush") && warnings.allSatisfy { !$0.remedy.isEmpty && $0.subject == "configuration" })
    }

    @Test func `what belongs together is not`() throws {
        let yaml = """
            feed_client: { spool: { directory: /srv/spool, max_bytes: 64MiB } }
            writer: { raw_audit: true, partitions: { unit: hour, keep: 92d, keep_raw: 92d } }
            dead_letters: { keep: 92d }
            broadcaster: { limits: { command_burst: 10, commands_per_key_s: 10 } }
            operations: { webhook: { url: "http://h", silent_after: 10s } }
            feeds:
              a: { provider: sportsbook, url: "ws://h", record: /srv/recordings, stale_after: 30s }
              b: { provider: sportsbook, url: "ws://h", token: another }
              c: { provider: polymarket, url: "ws://h", markets: [A] }
              d: { provider: polymarket, url: "ws://h", markets: [B] }
            """
        #expect(try Self.warnings(yaml).isEmpty)
    }
}
