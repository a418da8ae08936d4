import DevServices
import Foundation
import TestSupport
import Testing

/// A real process and what it tells its service manager.
@Suite struct SystemdTests {
    @Test(.timeLimit(.minutes(1))) func aStageTellsItsManagerHowItIsDoing() async throws {
        let redis = try await TestServers.redis()
        let socket = try NotifySocket()
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)", prefix: "\(RandomName.next("notify"))" }
                operations: { listen: "127.0.0.1:0" }
                feeds: { a: { provider: sportsbook, url: "ws://127.0.0.1:1/feed" } }
                """)
        try await stages.start(
            "process", environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "400000"])
        var said = try await socket.received(until: "READY=1")
        #expect(said.contains("READY=1\nSTATUS=ready"), "\(said)")

        // Twice a period while it lives, and not at all while it hangs.
        try await Task.sleep(for: .seconds(2))
        said = socket.received()
        #expect((6...14).contains(said.count { $0 == "WATCHDOG=1" }), "\(said)")
        await stages.signal("process", SIGSTOP)
        try await Task.sleep(for: .milliseconds(300))
        _ = socket.received()
        try await Task.sleep(for: .seconds(1))
        #expect(socket.received().isEmpty)
        await stages.signal("process", SIGCONT)

        await stages.signal("process", SIGHUP)
        said = try await socket.received(until: "READY=1").filter { $0 != "WATCHDOG=1" }
        #expect(said.first?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true && said.count == 2, "\(said)")
        await stages.expectCleanEnd()
        said = socket.received().filter { $0 != "WATCHDOG=1" }
        #expect(said == ["STOPPING=1\nSTATUS=draining"])
    }
}
