import DevServices
import Foundation
import TestSupport
import Testing

/// What ends a process must end it: with a sentence, soon, and with nothing left behind.
@Suite struct FailureTests {
    /// A stage whose operations port is taken must say so and exit, whatever its other services are busy with.
    @Test(.timeLimit(.minutes(2)), arguments: ["process", "write", "broadcast", "feed"])
    func `a taken operations port ends a busy stage with a sentence`(stage: String) async throws {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let port = try FreePort.find()
            let book = try FreePort.find()
            let configuration = """
                redis: { url: "\(redis.url)", prefix: "\(RandomName.next("taken"))" }
                postgres: { url: "\(url)" }
                broadcaster: { listen: "127.0.0.1:0" }
                operations: { listen: "127.0.0.1:\(port)" }
                feeds: { book: { provider: sportsbook, url: "ws://127.0.0.1:\(book)/feed" } }
                """
            let stages = try StageProcesses(configuration: configuration)
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.startWithoutConfiguration(
                "sportsbook", ["--listen", "127.0.0.1:\(book)", "--rate", "500"])
            // Somebody else has the port, and there is something to be busy with.
            try await stages.start(stage == "feed" ? "process" : "feed")
            try await Self.untilServing(port)
            let (code, output) = try await stages.run([stage])
            #expect(code == 1)
            #expect(output.contains("operations.listen 127.0.0.1:\(port)"), "\(output)")
            _ = await stages.stop()
            await stages.removeFiles()
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [SIGINT, SIGTERM])
    func `the demo stops at a signal and leaves nothing behind`(signal: Int32) async throws {
        let stages = try StageProcesses(configuration: "")
        try await stages.startWithoutConfiguration("demo", ["--port", "0", "--operations-port", "0"])
        for _ in 0..<600 where await !stages.complaints().contains("ctrl-C stops all of it") {
            try await Task.sleep(for: .milliseconds(100))
        }
        let isClean = await stages.stop(with: signal)
        let words = await stages.complaints()
        #expect(isClean, "\(words)")
        #expect(words.contains("Stopped. Nothing is left behind."), "\(words)")
        await stages.removeFiles()
    }

    private static func untilServing(_ port: Int) async throws {
        for _ in 0..<100 {
            let answer = try await ChildProcess.run("curl", ["-s", "http://127.0.0.1:\(port)/health/live"])
            if answer.output.hasPrefix("live") { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("nothing serves port \(port)")
    }
}
