import DevServices
import Foundation
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

/// What a running process takes at SIGHUP beside its feeds, and what it says of the rest.
@Suite struct ReloadedSettingsTests {
    /// Counts who posts.
    private final class Hook: Sendable {
        private let posts = Mutex(0)

        var routes: HTTPRoutes {
            HTTPRoutes(respond: { _ in
                self.posts.withLock { $0 += 1 }
                return HTTPResponse(status: 200, text: "ok")
            })
        }

        var count: Int { posts.withLock { $0 } }
    }

    @Test(.timeLimit(.minutes(1))) func `a webhook is taken, and what needs a restart is named`() async throws {
        let redis = try await TestServers.redis()
        let prefix = RandomName.next("settings")
        let hooks = [Hook(), Hook()]
        let servers = hooks.map { HTTPServer(configuration: HTTPServerConfiguration(), routes: $0.routes) }
        let addresses = [try await servers[0].start(), try await servers[1].start()]
        func yaml(hook: Int, after: String, spool: String = "256MiB", rest: String = "") -> String {
            """
            redis: { url: "\(redis.url)", prefix: "\(prefix)" }
            operations:
              listen: "127.0.0.1:0"
              webhook: { url: "http://\(addresses[hook])/hush-hush", after: \(after), every: 1s }
            feed_client: { spool: { directory: "/var/tmp/\(prefix)", max_bytes: \(spool) } }
            feeds: { gone: { provider: sportsbook, url: "ws://127.0.0.1:1/feed" } }
            \(rest)
            """
        }
        let stages = try StageProcesses(configuration: yaml(hook: 0, after: "1h"))
        try await stages.start("feed")
        try await Self.until(stages, "session ended")
        let rest = "writer: { batch_rows: 6000 }\nlog: { levels: { feed_client: error } }"
        try await stages.rewrite(configuration: yaml(hook: 1, after: "0s", spool: "512MiB", rest: rest))
        await stages.signal("feed", SIGHUP)
        let line = try await Self.until(stages, "the configuration is read again")
        #expect(
            line.contains("taken=operations.webhook,log") && line.contains("needs_restart=feed_client.spool"), "\(line)"
        )
        #expect(!line.contains("batch_rows"), "a feed has nothing to do with that: \(line)")
        for _ in 0..<200 where hooks[1].count == 0 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(hooks[1].count > 0 && hooks[0].count == 0)
        #expect(await !stages.output(of: "feed").contains("hush-hush"))
        await stages.expectCleanEnd()
        for server in servers { await server.stop() }
        try? FileManager.default.removeItem(atPath: "/var/tmp/\(prefix)")
    }

    @Test(.timeLimit(.minutes(1)), .enabled(if: TestCertificates.isPossible, "needs openssl"))
    func `keys and certificates of subscribers are replaced while they listen`() async throws {
        let redis = try await TestServers.redis()
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let served = (certificates.path("served.pem"), certificates.path("served.key"))
            func serve(_ name: String, days: Int) async throws {
                let pair = try await certificates.certificate(name, for: "IP:127.0.0.1", by: authority, days: days)
                for (from, to) in [(pair.certificate, served.0), (pair.key, served.1)] {
                    try Data(contentsOf: URL(fileURLWithPath: from)).write(
                        to: URL(fileURLWithPath: to), options: .atomic)
                }
            }
            try await serve("first", days: 30)
            let ports = [try FreePort.find(), try FreePort.find()]
            let prefix = RandomName.next("keys")
            func yaml(key: String) -> String {
                """
                redis: { url: "\(redis.url)", prefix: "\(prefix)" }
                operations: { listen: "127.0.0.1:\(ports[0])" }
                broadcaster:
                  listen: "127.0.0.1:\(ports[1])"
                  auth: { token: "\(key)" }
                  tls: { certificate: "\(served.0)", key: "\(served.1)" }
                feeds: { a: { provider: sportsbook, url: "ws://127.0.0.1:1/feed" } }
                """
            }
            let stages = try StageProcesses(configuration: yaml(key: "hush-old"))
            try await stages.start("broadcast")
            let address = "https://127.0.0.1:\(ports[1])/v1/feeds"
            try await Self.until { try await Self.status(stages, address, key: "hush-old") == "200" }
            #expect(try await Self.status(stages, address, key: "hush-new") == "401")
            try await Self.until { Self.isIn(days: 30, try await Self.expiry(stages, ports[0])) }

            try await stages.rewrite(configuration: yaml(key: "hush-new"))
            await stages.signal("broadcast", SIGHUP)
            try await Self.until { try await Self.status(stages, address, key: "hush-new") == "200" }
            #expect(try await Self.status(stages, address, key: "hush-old") == "401")
            let line = try await Self.until(stages, "the configuration is read again")
            #expect(line.contains("taken=broadcaster.auth.token") && line.contains("needs_restart=nothing"), "\(line)")

            try await serve("second", days: 3)
            try await Self.until { Self.isIn(days: 3, try await Self.expiry(stages, ports[0])) }
            #expect(await !stages.output(of: "broadcast").contains("hush"))
            await stages.expectCleanEnd()
        }
    }

    private static func status(_ stages: StageProcesses, _ address: String, key: String) async throws -> String {
        try await stages.shell("curl -sk -o /dev/null -w '%{http_code}' -H 'X-API-Key: \(key)' \(address); true").output
    }

    private static func expiry(_ stages: StageProcesses, _ port: Int) async throws -> Double {
        let text = try await stages.shell("curl -s http://127.0.0.1:\(port)/metrics").output
        let match = text.firstMatch(of: /touchline_broadcast_certificate_expiry_timestamp_seconds ([0-9]\S*)/)
        return match.flatMap { Double($0.1) } ?? 0
    }

    private static func isIn(days: Int, _ time: Double) -> Bool {
        abs(time - Date().timeIntervalSince1970 - Double(days) * 86_400) < 3_600
    }

    /// The first line with these words.
    @discardableResult
    private static func until(_ stages: StageProcesses, _ words: String) async throws -> String {
        for _ in 0..<400 {
            for name in ["feed", "broadcast"] {
                let lines = await stages.output(of: name).split(separator: "\n")
                if let line = lines.first(where: { $0.contains(words) }) { return String(line) }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("nobody said '\(words)' within 20 s")
        return ""
    }

    private static func until(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<400 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("not within 20 s")
    }
}
