import DevServices
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RedisServerTests {
    /// redis-cli with the given arguments, as a user would call it.
    private func ask(_ server: RedisServer, _ arguments: String...) async throws -> String {
        let result = try await ChildProcess.run("redis-cli", ["-p", "\(server.port)"] + arguments)
        #expect(result.outcome.isSuccess)
        return result.output.split(separator: "\n").joined(separator: " ")
    }

    @Test func startsWithTheDurabilityThatProductionHas() async throws {
        let server = try await RedisServer.start()
        #expect(await server.isRunning)
        #expect(server.url == "redis://127.0.0.1:\(server.port)/0")
        #expect(try await ask(server, "config", "get", "appendfsync") == "appendfsync everysec")
        #expect(try await ask(server, "config", "get", "appendonly") == "appendonly yes")
        #expect(try await ask(server, "config", "get", "maxmemory-policy") == "maxmemory-policy noeviction")
        #expect(try await ask(server, "config", "get", "save") == "save")
        let viaSocket = try await ChildProcess.run("redis-cli", ["-s", server.socketPath, "ping"])
        #expect(viaSocket.output == "PONG\n")
        await server.stop()
    }

    @Test func stopRemovesWhatItMade() async throws {
        let server = try await RedisServer.start()
        let pid = try #require(await server.pid)
        #expect(FileFacts.exists(server.directory.path))
        await server.stop()
        await server.stop()
        #expect(ProcessTable.startTime(of: pid) == nil)
        #expect(!FileFacts.exists(server.directory.path))
        #expect(await !server.isRunning)
    }

    @Test func aKilledServerComesBackWithItsDataOnItsPort() async throws {
        let server = try await RedisServer.start()
        #expect(try await ask(server, "set", "goal", "1-0") == "OK")
        await server.kill()
        #expect(await !server.isRunning)
        try await server.restart()
        #expect(try await ask(server, "get", "goal") == "1-0")
        try await server.restart()
        #expect(try await ask(server, "get", "goal") == "1-0")
        await server.stop()
    }

    @Test func aGivenDirectoryKeepsItsData() async throws {
        let directory = FileFacts.newDirectory()
        defer { FileFacts.remove(directory) }
        let first = try await RedisServer.start(in: directory)
        #expect(try await ask(first, "set", "goal", "2-0") == "OK")
        await first.stop()
        let second = try await RedisServer.start(in: directory)
        #expect(try await ask(second, "get", "goal") == "2-0")
        await second.stop()
    }

    @Test func optionsReachTheServer() async throws {
        var options = RedisServer.Options()
        options.maximumMemoryBytes = 50_000_000
        options.settings = ["requirepass secret"]
        let server = try await RedisServer.start(options: options)
        let limit = try await ask(server, "--no-auth-warning", "-a", "secret", "config", "get", "maxmemory")
        #expect(limit == "maxmemory 50000000")
        await server.stop()
    }

    @Test func aTakenPortIsSaidToBe() async throws {
        let server = try await RedisServer.start()
        await #expect {
            _ = try await RedisServer.start(port: server.port)
        } throws: { error in
            "\(error)".contains("Address already in use")
        }
        await server.stop()
    }

    @Test func cpuTimeIsCounted() async throws {
        let server = try await RedisServer.start()
        let before = await server.cpuSeconds
        _ = try await ask(server, "eval", "local n = 0; for i = 1, 10000000 do n = n + i % 7 end; return n", "0")
        #expect(await server.cpuSeconds > before)
        #expect(await server.processIDs == [server.pid])
        await server.stop()
    }
}
