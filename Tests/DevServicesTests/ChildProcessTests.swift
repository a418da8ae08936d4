import DevServices
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ChildProcessTests {
    @Test func tellsHowItEndedAndWhatItWrote() async throws {
        let result = try await ChildProcess.run("sh", ["-c", "echo out; echo err >&2; exit 3"])
        #expect(result.outcome.status == .exited(3))
        #expect(result.output == "out\nerr\n")
        #expect("\(result.outcome)" == "exit code 3")
        #expect(result.outcome.maximumResidentBytes > 100_000)
    }

    @Test func outputGoesToFiles() async throws {
        let path = FileFacts.newDirectory()
        defer {
            FileFacts.remove(path + ".out")
            FileFacts.remove(path + ".err")
        }
        var launch = ProcessLaunch("sh", ["-c", "pwd; echo $GREETING; read line; echo $line; echo oops >&2"])
        launch.environment = ["GREETING": "hello", "PATH": "/bin:/usr/bin"]
        launch.directory = "/usr"
        launch.input = "/proc/sys/kernel/ostype"
        launch.output = .file(path + ".out")
        launch.errors = .file(path + ".err")
        let outcome = await (try ChildProcess.start(launch)).wait()
        #expect(outcome.isSuccess)
        #expect(FileFacts.text(path + ".out") == "/usr\nhello\nLinux\n")
        #expect(FileFacts.text(path + ".err") == "oops\n")
    }

    @Test func cpuTimeOfTheWholeFamilyIsKnownAtTheEnd() async throws {
        let spin = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
        let result = try await ChildProcess.run("sh", ["-c", "sh -c '\(spin)'; true"])
        #expect(result.outcome.cpuSeconds > 0.01)
    }

    @Test func signalsReachIt() async throws {
        let child = try await ChildProcess.start(ProcessLaunch("sleep", ["1000"]))
        #expect(child.isRunning)
        #expect(await child.wait(atMost: .milliseconds(20)) == nil)
        child.signal(SIGTERM)
        #expect(await child.wait().status == .signaled(SIGTERM))
        // After its end a signal goes nowhere, whoever has the pid now.
        child.signal(SIGTERM)
        #expect(await child.wait(atMost: .seconds(5))?.status == .signaled(SIGTERM))
    }

    @Test func whoIgnoresTheRequestIsKilled() async throws {
        var launch = ProcessLaunch("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"])
        launch.output = .capture
        let child = try await ChildProcess.start(launch)
        while child.capturedOutput().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await child.end(killAfter: .milliseconds(50)).status == .signaled(SIGKILL))
    }

    @Test func endFinishesInACancelledTask() async throws {
        let child = try await ChildProcess.start(ProcessLaunch("sleep", ["1000"]))
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await child.end() }
        }
        #expect(child.outcome?.status == .signaled(SIGTERM))
    }

    @Test func waitingIsGivenUpWhenTheTaskIsCancelled() async throws {
        let child = try await ChildProcess.start(ProcessLaunch("sleep", ["1000"]))
        await withTaskGroup(of: ProcessOutcome?.self) { group in
            group.addTask { await child.wait(atMost: .seconds(1000)) }
            group.cancelAll()
            #expect(await group.next() == .some(nil))
        }
        await child.end()
    }

    @Test func hasASessionOfItsOwn() async throws {
        var launch = ProcessLaunch("sh", ["-c", "cut -d' ' -f 5 /proc/$$/stat; echo $$"])
        launch.output = .capture
        let child = try await ChildProcess.start(launch)
        _ = await child.wait()
        let words = child.capturedOutput().split(whereSeparator: \.isWhitespace)
        #expect(words.count == 2 && words[0] == words[1])
        #expect(words.last == "\(child.pid)")
    }

    @Test func aMissingProgramIsNamed() async throws {
        await #expect(throws: DevServicesError.missingProgram("no-such-program", package: "no-such-program")) {
            _ = try await ChildProcess.run("no-such-program", [])
        }
    }
}
