import DevServices
import Glibc
import TestSupport
import Testing

/// What the next start does about an owner that was killed: here the owner is a directory as such a death leaves it.
@Suite(.timeLimit(.minutes(1)))
struct LeftoverTests {
    /// A process that carries the directory in its command line, as the servers do, and that outlives its owner.
    private func orphan(in directory: String) async throws -> ChildProcess {
        var launch = ProcessLaunch("sh", ["-c", "while :; do sleep 0.05; done", directory])
        launch.deathSignal = nil
        return try await ChildProcess.start(launch)
    }

    @Test func orphansAreEndedAndTheirDirectoryRemoved() async throws {
        let path = "/tmp/touchline-\(geteuid())-\(RandomName.next("x"))"
        try FileFacts.make(path)
        let child = try await orphan(in: path)
        let start = try #require(ProcessTable.startTime(of: child.pid))
        try FileFacts.write("\(child.pid) \(start) \(SIGTERM)\n", to: "\(path)/redis.pid")
        // Whoever sweeps first, this test or another one that starts a server, must find it abandoned.
        try FileFacts.write("", to: "\(path)/owner")
        RunDirectory.sweep()
        #expect(await child.wait().status == .signaled(SIGTERM))
        while FileFacts.exists(path) { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test func orphansInAGivenDirectoryAreEndedByItsNextOwner() async throws {
        let path = FileFacts.newDirectory()
        defer { FileFacts.remove(path) }
        try FileFacts.make(path)
        let child = try await orphan(in: path)
        let start = try #require(ProcessTable.startTime(of: child.pid))
        try FileFacts.write("\(child.pid) \(start) \(SIGKILL)\n", to: "\(path)/redis.pid")
        let server = try await RedisServer.start(in: path)
        #expect(await child.wait().status == .signaled(SIGKILL))
        await server.stop()
        #expect(!FileFacts.exists("\(path)/redis.pid"))
    }

    @Test func aProcessThatGotTheNumberLaterIsLeftAlone() async throws {
        let path = FileFacts.newDirectory()
        defer { FileFacts.remove(path) }
        try FileFacts.make(path)
        let child = try await orphan(in: path)
        let start = try #require(ProcessTable.startTime(of: child.pid))
        try FileFacts.write("\(child.pid) \(start + 1) \(SIGKILL)\n", to: "\(path)/redis.pid")
        let other = try await orphan(in: "/elsewhere")
        let otherStart = try #require(ProcessTable.startTime(of: other.pid))
        try FileFacts.write("\(other.pid) \(otherStart) \(SIGKILL)\n", to: "\(path)/postgres.pid")
        try FileFacts.write("not a record\n", to: "\(path)/odd.pid")
        let server = try await RedisServer.start(in: path)
        #expect(child.isRunning)
        #expect(other.isRunning)
        await server.stop()
        await child.end()
        await other.end()
    }

    @Test func aDirectoryInUseByAnotherProcessIsRefused() async throws {
        let path = FileFacts.newDirectory()
        defer { FileFacts.remove(path) }
        try FileFacts.make(path)
        try FileFacts.write("", to: "\(path)/owner")
        var launch = ProcessLaunch(
            "flock", ["--no-fork", "--exclusive", "\(path)/owner", "sh", "-c", "echo held; exec sleep 1000"])
        launch.output = .capture
        let holder = try await ChildProcess.start(launch)
        while holder.capturedOutput().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        await #expect(throws: DevServicesError.directoryInUse(path)) { _ = try await RedisServer.start(in: path) }
        await holder.end()
    }

    @Test func aRunningServerLeavesWordOfItself() async throws {
        let server = try await RedisServer.start()
        let pid = try #require(await server.pid)
        let record = FileFacts.text("\(server.directory.path)/redis.pid")
        #expect(record.hasPrefix("\(pid) \(try #require(ProcessTable.startTime(of: pid))) "))
        RunDirectory.sweep()
        #expect(await server.isRunning)
        await server.stop()
    }
}
