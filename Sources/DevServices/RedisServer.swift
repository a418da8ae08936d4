import Glibc
package import Logging

/// A private redis-server on loopback and a Unix socket, as durable as Touchline asks for in production: append-only file
/// synced every second, nothing evicted, no snapshots.
package final class RedisServer: Sendable {
    /// What a caller may vary.
    package struct Options: Sendable {
        /// `appendfsync`.
        package var synchronization = "everysec"
        /// `maxmemory`; nil: no limit.
        package var maximumMemoryBytes: Int?
        /// Further lines of `redis.conf`, which win over the others.
        package var settings: [String] = []
        /// How long loading the append-only file may take.
        package var startLimit = Duration.seconds(60)

        package init() {}
    }

    /// TCP port on 127.0.0.1.
    package let port: Int
    package let directory: RunDirectory
    package let socketPath: String
    private let options: Options
    private let logger: Logger
    private let process: ServerProcess

    /// `redis://127.0.0.1:<port>/0`.
    package var url: String { "redis://127.0.0.1:\(port)/0" }
    /// `unix://<socket>?db=0`.
    package var unixURL: String { "unix://\(socketPath)?db=0" }
    /// What the server wrote.
    package var logPath: String { "\(directory.path)/redis.log" }

    /// Starts a server in `directory` (data that is there is loaded), or in a temporary one that `stop` removes.
    ///
    /// - Parameter port: 0 picks a free one.
    package static func start(
        in directory: String? = nil, port: Int = 0, options: Options = Options(),
        logger: Logger = Logger(label: "touchline.devservices")
    ) async throws(DevServicesError) -> RedisServer {
        let runDirectory = try RunDirectory.open(directory)
        do {
            return try await start(in: runDirectory, port, options, logger)
        } catch {
            runDirectory.release()
            throw error
        }
    }

    private static func start(
        in directory: RunDirectory, _ port: Int, _ options: Options, _ logger: Logger
    ) async throws(DevServicesError) -> RedisServer {
        var attemptsLeft = port == 0 ? 5 : 1
        while true {
            attemptsLeft -= 1
            do {
                let chosen = port == 0 ? try FreePort.find() : port
                let server = try RedisServer(directory, chosen, options, logger)
                try await server.launch()
                return server
            } catch .endedEarly(_, _, let log) where attemptsLeft > 0 && log.contains("Address already in use") {
                continue
            }
        }
    }

    private init(
        _ directory: RunDirectory, _ port: Int, _ options: Options, _ logger: Logger
    ) throws(DevServicesError) {
        let user = ServiceUser.current
        self.directory = directory
        self.port = port
        self.options = options
        self.logger = logger
        socketPath = "\(directory.path)/redis/redis.sock"
        process = ServerProcess(name: "redis", directory: directory, user: user, stopSignal: SIGKILL)
        guard socketPath.utf8.count < 104 else { throw .pathTooLong(directory.path, limit: 104 - 17) }
        _ = try directory.part("redis", for: user)
        try SystemFile.write(configuration, to: "\(directory.path)/redis.conf")
    }

    private var configuration: String {
        var lines = [
            "bind 127.0.0.1", "port \(port)", "protected-mode no", "unixsocket \(socketPath)", "unixsocketperm 777",
            "dir \(directory.path)/redis", "daemonize no", "set-proc-title no", "logfile \"\"",
            "appendonly yes", "appendfsync \(options.synchronization)", "save \"\"", "maxmemory-policy noeviction",
            // Streams come and go: rewriting the file at every 64 MB costs more CPU than all commands.
            "auto-aof-rewrite-min-size 1gb", "rdbcompression no",
        ]
        if let limit = options.maximumMemoryBytes { lines.append("maxmemory \(limit)") }
        return (lines + options.settings).joined(separator: "\n") + "\n"
    }

    private func launch() async throws(DevServicesError) {
        let program = try ProgramSearch.find("redis-server", package: "redis-server")
        let client = try ProgramSearch.find("redis-cli", package: "redis-tools")
        let socket = socketPath
        try await process.start(program, ["\(directory.path)/redis.conf"], within: options.startLimit) {
            () async throws(DevServicesError) in
            let reply = try await ChildProcess.run(
                client, ["-s", socket, "ping"], environment: ServerProcess.environment
            ).output
            return reply.hasPrefix("PONG") || reply.hasPrefix("NOAUTH")
        }
        logger.debug("redis started", metadata: ["port": "\(port)", "directory": "\(directory.path)"])
    }

    /// The server's pid; nil while it is stopped.
    package var pid: Int32? { get async { await process.child?.pid } }
    package var isRunning: Bool { get async { await process.child?.isRunning ?? false } }
    package var processIDs: [Int32] { get async { await process.processIDs } }
    /// CPU time since this server was started, to a hundredth of a second.
    package var cpuSeconds: Double { get async { await process.cpuSeconds } }

    /// Waits until the server has ended, for whatever reason.
    package func waitUntilEnded() async {
        _ = await process.child?.wait()
    }

    /// Stops the server in good order and gives its directory back. Call it last; calling it again does nothing.
    package func stop() async {
        await process.stop(with: SIGTERM)
        logger.debug("redis stopped", metadata: ["port": "\(port)"])
    }

    /// Kills the server as a crash would. `restart` brings it back with what the append-only file has.
    package func kill() async {
        await process.end(with: SIGKILL)
    }

    /// Stops the server if it runs and starts it with the same data on the same port.
    package func restart() async throws(DevServicesError) {
        await process.end(with: SIGTERM)
        try await launch()
    }
}
