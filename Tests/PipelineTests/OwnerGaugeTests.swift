import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// What processes export of a feed that another one serves: nothing that looks current.
@Suite struct OwnerGaugeTests {
    private static func state(at port: Int) async throws -> String? {
        let metrics = try await ChildProcess.run("curl", ["-s", "http://127.0.0.1:\(port)/metrics"]).output
        return metrics.firstMatch(of: /touchline_feed_state\{feed="book"\} (\S+)/).map { String($0.1) }
    }

    private static func expect(_ expected: String, at port: Int, _ who: String) async throws {
        var state: String?
        for _ in 0..<200 {
            state = try await Self.state(at: port)
            if state == expected { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(who) says \(state ?? "nothing"), not \(expected)")
    }

    @Test(.timeLimit(.minutes(3))) func `a process that lost a feed knows nothing of it`() async throws {
        let redis = try await TestServers.redis()
        let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: 1_000_000, rate: 100))))
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)", prefix: "\(RandomName.next("owners"))" }
                feed_client: { spool: { enabled: false } }
                feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
                """)
        let ports = [try FreePort.find(), try FreePort.find()]
        for (name, port) in zip(["first", "second"], ports) {
            try await stages.start(
                "feed", as: name, environment: ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:\(port)"])
            if name == "first" { try await Self.expect("5", at: port, "the owner") }
        }
        try await Self.expect("NaN", at: ports[1], "the one that stands by")
        await stages.signal("first", SIGSTOP)
        try await Self.expect("5", at: ports[1], "the successor")
        await stages.signal("first", SIGCONT)
        try await Self.expect("NaN", at: ports[0], "the former owner")
        try await Self.expect("5", at: ports[1], "the successor")
        await stages.expectCleanEnd()
        await book.stop()
    }
}
