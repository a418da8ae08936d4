import DevServices
import Glibc
import RedisStreams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("a command is answered, its refusal is thrown, and the connection stays whole")
    func commands() async throws {
        try await TestConnections.with { connection, prefix in
            #expect(try await connection.command(["PING"]) == .status("PONG"))
            #expect(try await connection.command(["CLIENT", "GETNAME"]).text == "test")
            _ = try await connection.command(["RPUSH", "\(prefix):list", "a"])
            let error = await #expect(throws: RedisError.self) { try await connection.get("\(prefix):list") }
            #expect(error?.refusal == .wrongType)
            #expect(await connection.isConnected)
        }
    }

    @Test("a pipeline brings every reply, refusals as values among the others")
    func pipeline() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):key"
            let replies = try await connection.pipeline([
                ["SET", .text(key), .bytes([0, 255])], ["LPUSH", .text(key), "x"], ["GET", .text(key)],
                ["GET", "\(prefix):none"],
            ])
            #expect(replies.count == 4)
            #expect(replies[0] == .status("OK"))
            guard case .error(let error) = replies[1] else {
                Issue.record("\(replies[1])")
                return
            }
            #expect(error.refusal == .wrongType)
            #expect(replies[2] == .bytes([0, 255]))
            #expect(replies[3] == .null)
        }
    }

    @Test("without connect every call says that there is no connection")
    func notConnected() async throws {
        let connection = RedisConnection(endpoint: try RedisEndpoint(url: "redis://127.0.0.1:1"), name: "test")
        await #expect(throws: RedisError.connectionLost("not connected")) { try await connection.command(["PING"]) }
        let error = await #expect(throws: RedisError.self) { try await connection.connect() }
        guard case .connectionFailed(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("127.0.0.1:1"))
    }

    @Test("a unix socket and a database number are used")
    func unixSocket() async throws {
        let server = try await TestServers.redis()
        let key = RandomName.next()
        let viaSocket = RedisConnection(
            endpoint: try RedisEndpoint(url: "unix://\(server.socketPath)?db=3"), name: "socket")
        try await viaSocket.connect()
        try await viaSocket.set(key, [1])
        let viaPort = try await TestConnections.open(server)
        #expect(try await viaPort.get(key) == nil)
        _ = try await viaPort.command(["SELECT", "3"])
        #expect(try await viaPort.get(key) == [1])
        try await viaPort.delete([key])
    }

    @Test("user and password log in; a wrong or missing one is told apart from a dead server")
    func authentication() async throws {
        var options = RedisServer.Options()
        options.settings = ["requirepass hush", "user feed on >se:cret ~* &* +@all"]
        try await TestConnections.withOwnServer(options) { server in
            for login in ["redis://:hush@", "redis://feed:se%3Acret@"] {
                let endpoint = try RedisEndpoint(url: "\(login)127.0.0.1:\(server.port)")
                let connection = RedisConnection(endpoint: endpoint, name: "test")
                try await connection.connect()
                #expect(try await connection.command(["PING"]) == .status("PONG"))
            }
            for login in ["redis://:wrong@", "redis://feed:wrong@", "redis://nobody:hush@", "redis://"] {
                let endpoint = try RedisEndpoint(url: "\(login)127.0.0.1:\(server.port)")
                let connection = RedisConnection(endpoint: endpoint, name: "test")
                let error = await #expect(throws: RedisError.self) { try await connection.connect() }
                #expect(error?.refusal == .authentication, "\(login)")
                #expect(await connection.isConnected == false)
            }
        }
    }

    @Test("after CLIENT KILL the next call fails, the one after it too, and connect mends it")
    func clientKilled() async throws {
        try await TestConnections.with { connection, prefix in
            let killer = try await TestConnections.open(try await TestServers.redis())
            let id = try await connection.command(["CLIENT", "ID"]).integer ?? 0
            #expect(try await killer.command(["CLIENT", "KILL", "ID", .integer(Int64(id))]).integer == 1)
            for _ in 0..<2 {
                let error = await #expect(throws: RedisError.self) { try await connection.command(["PING"]) }
                guard case .connectionLost = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(await connection.isConnected == false)
            try await connection.connect()
            try await connection.set("\(prefix):after", [1])
            #expect(try await connection.get("\(prefix):after") == [1])
        }
    }

    @Test("a killed server is noticed, and after its restart connect finds what it had")
    func serverRestarted() async throws {
        var options = RedisServer.Options()
        options.synchronization = "always"
        try await TestConnections.withOwnServer(options) { server in
            let connection = try await TestConnections.open(server)
            try await connection.create("stream")
            #expect(try await connection.append(to: "stream", [.numbered(1)]) == .appended)
            await server.kill()
            await #expect(throws: RedisError.self) { try await connection.append(to: "stream", [.numbered(2)]) }
            await #expect(throws: RedisError.self) { try await connection.connect() }
            try await server.restart()
            try await connection.connect()
            #expect(try await connection.lastEntry(of: "stream") == .numbered(1))
            #expect(try await connection.append(to: "stream", [.numbered(2)]) == .appended)
        }
    }

    @Test("reconnecting goes on until the server is back")
    func reconnect() async throws {
        try await TestConnections.withOwnServer { server in
            let connection = try await TestConnections.open(server)
            await server.kill()
            await #expect(throws: RedisError.self) { try await connection.command(["PING"]) }
            let failures = Attempts()
            async let reconnected: Void = {
                var backoff = ReconnectBackoff(initial: .milliseconds(2), maximum: .milliseconds(10))
                var generator = SystemRandomNumberGenerator()
                try await connection.reconnect(&backoff, using: &generator) { _, _ in _ = failures.next() }
            }()
            while failures.count < 3 { await Task.yield() }
            try await server.restart()
            try await reconnected
            #expect(try await connection.command(["PING"]) == .status("PONG"))
        }
    }

    @Test("reconnecting gives up at once on what waiting cannot mend, and when it is cancelled")
    func reconnectEnds() async throws {
        var options = RedisServer.Options()
        options.settings = ["requirepass hush"]
        try await TestConnections.withOwnServer(options) { server in
            let wrong = RedisConnection(
                endpoint: try RedisEndpoint(url: "redis://:wrong@127.0.0.1:\(server.port)"), name: "test")
            var backoff = ReconnectBackoff()
            var generator = SystemRandomNumberGenerator()
            await #expect(throws: RedisError.self) {
                try await wrong.reconnect(&backoff, using: &generator) { _, _ in }
            }
            #expect(backoff.attempts == 0)
        }
        let nowhere = RedisConnection(endpoint: try RedisEndpoint(url: "redis://127.0.0.1:1"), name: "test")
        let failures = Attempts()
        let task = Task {
            var backoff = ReconnectBackoff(initial: .seconds(600), maximum: .seconds(600))
            var generator = SystemRandomNumberGenerator()
            try await nowhere.reconnect(&backoff, using: &generator) { _, _ in _ = failures.next() }
        }
        while failures.count < 1 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("a server that does not answer is given up after the timeout, and its late answer is nobody's")
    func silentServer() async throws {
        try await TestConnections.withOwnServer { server in
            let connection = try await TestConnections.open(server, timeout: .milliseconds(200))
            let pid = try #require(await server.pid)
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            let error = await #expect(throws: RedisError.self) { try await connection.set("late", [1]) }
            guard case .connectionLost(let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("no answer within"))
            kill(pid, SIGCONT)
            let next = try await TestConnections.open(server)
            #expect(try await next.command(["PING"]) == .status("PONG"))
            // What was sent before the silence was carried out, which is why nothing is ever sent again blindly.
            #expect(try await next.get("late") == [1])
        }
    }

    @Test("megabytes go both ways in one command")
    func largeValues() async throws {
        try await TestConnections.with { connection, prefix in
            let value = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            try await connection.set("\(prefix):large", value)
            #expect(try await connection.get("\(prefix):large") == value)
        }
    }

    @Test("the server says what a start-up check must know")
    func facts() async throws {
        try await TestConnections.with { connection, _ in
            let facts = try await connection.serverFacts()
            #expect(facts.version.hasPrefix("7.") || facts.version.hasPrefix("8."))
            #expect(facts.maxmemoryPolicy == "noeviction")
            #expect(facts.isAOFEnabled)
            #expect(!facts.isLoading)
            #expect(facts.usedMemory > 100_000)
            #expect(facts.runID.count == 40)
            #expect(facts.memory.share == 0)
        }
    }
}
