import Glibc
package import Logging

/// A private PostgreSQL with a data directory of its own, on loopback and a Unix socket, that trusts whoever reaches it.
package final class PostgresServer: Sendable {
    /// What a caller may vary.
    package struct Options: Sendable {
        /// `synchronous_commit`.
        package var synchronousCommit = "on"
        /// Further settings, which win over the others.
        package var settings: [String: String] = [:]
        /// How long recovery after a crash may take.
        package var startLimit = Duration.seconds(60)

        package init() {}
    }

    /// How to stop, in PostgreSQL's words.
    package enum StopMode: Sendable {
        /// Sessions are ended, open transactions rolled back, a checkpoint is written.
        case fast
        /// As a crash; recovery at the next start.
        case immediate

        fileprivate var signal: Int32 { self == .fast ? SIGINT : SIGQUIT }
    }

    /// The superuser that `url` names.
    package static let user = "touchline"

    /// TCP port on 127.0.0.1; also part of the Unix socket's name.
    package let port: Int
    package let directory: RunDirectory
    private let programs: String
    private let options: Options
    private let logger: Logger
    private let process: ServerProcess

    /// The directory of the Unix socket.
    package var socketDirectory: String { "\(directory.path)/postgres" }
    package var dataDirectory: String { "\(directory.path)/postgres/data" }
    /// What the server wrote.
    package var logPath: String { "\(directory.path)/postgres.log" }

    /// `postgresql://touchline@127.0.0.1:<port>/<database>`.
    package func url(database: String = "postgres") -> String {
        "postgresql://\(Self.user)@127.0.0.1:\(port)/\(database)"
    }

    /// The same through the Unix socket, which costs less CPU.
    package func unixURL(database: String = "postgres") -> String {
        "postgresql:///\(database)?host=\(socketDirectory)&port=\(port)&user=\(Self.user)"
    }

    /// Starts a server in `directory` (a database that is there is used), or in a temporary one that `stop` removes.
    ///
    /// - Parameter port: 0 picks a free one.
    package static func start(
        in directory: String? = nil, port: Int = 0, options: Options = Options(),
        logger: Logger = Logger(label: "touchline.devservices")
    ) async throws(DevServicesError) -> PostgresServer {
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
    ) async throws(DevServicesError) -> PostgresServer {
        var attemptsLeft = port == 0 ? 5 : 1
        while true {
            attemptsLeft -= 1
            do {
                let chosen = port == 0 ? try FreePort.find() : port
                let server = try PostgresServer(directory, chosen, options, logger)
                try await server.initialize()
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
        programs = try ProgramSearch.postgresDirectory()
        process = ServerProcess(name: "postgres", directory: directory, user: user, stopSignal: SIGQUIT)
        guard directory.path.utf8.count < 80 else { throw .pathTooLong(directory.path, limit: 79) }
        _ = try directory.part("postgres", for: user)
    }

    /// Makes the database cluster unless there is one. It is renamed into place when complete, so that a half-made one is
    /// never taken for a whole one.
    private func initialize() async throws(DevServicesError) {
        guard !SystemFile.exists(dataDirectory) else { return }
        let draft = "\(socketDirectory)/data.new"
        SystemFile.remove(draft)
        let result = try await ChildProcess.run(
            "\(programs)/initdb",
            [
                "-D", draft, "-U", Self.user, "-A", "trust", "-E", "UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8",
                "--no-sync", "--no-instructions",
            ],
            environment: ServerProcess.environment, user: process.user)
        guard result.outcome.isSuccess else { throw .commandFailed("initdb", output: result.output) }
        guard rename(draft, dataDirectory) == 0 else { throw .file(dataDirectory, reason: SystemFile.lastError) }
    }

    /// Copies another server's cluster to this one's place, with what a standby needs to follow it.
    func copyCluster(of primary: PostgresServer) async throws(DevServicesError) {
        let result = try await ChildProcess.run(
            "\(programs)/pg_basebackup",
            [
                "-D", dataDirectory, "-h", primary.socketDirectory, "-p", "\(primary.port)", "-U", Self.user, "-R",
                "-X", "stream", "-c", "fast", "--no-sync",
            ],
            environment: ServerProcess.environment, user: process.user)
        guard result.outcome.isSuccess else { throw .commandFailed("pg_basebackup", output: result.output) }
    }

    /// The settings as arguments. Dynamic shared memory in files leaves nothing in `/dev/shm` after a kill.
    private var arguments: [String] {
        var settings = [
            "listen_addresses": "127.0.0.1", "port": "\(port)", "unix_socket_directories": socketDirectory,
            "synchronous_commit": options.synchronousCommit, "shared_buffers": "128MB", "max_wal_size": "4GB",
            "checkpoint_timeout": "15min", "dynamic_shared_memory_type": "mmap", "timezone": "UTC",
            "log_timezone": "UTC", "logging_collector": "off", "log_checkpoints": "off",
        ]
        settings.merge(options.settings) { _, given in given }
        return ["-D", dataDirectory] + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    private func launch() async throws(DevServicesError) {
        let check = ["-q", "-h", socketDirectory, "-p", "\(port)", "-U", Self.user, "-d", "postgres", "-t", "3"]
        let probe = "\(programs)/pg_isready"
        var attemptsLeft = 40
        while true {
            attemptsLeft -= 1
            do {
                try await process.start("\(programs)/postgres", arguments, within: options.startLimit) {
                    () async throws(DevServicesError) in
                    try await ChildProcess.run(probe, check, environment: ServerProcess.environment).outcome.isSuccess
                }
                break
            } catch .endedEarly(_, _, let log) where attemptsLeft > 0 && log.contains("shared memory block") {
                // Processes of a killed postmaster are still on their way out.
                await BlockingThread.run { _ = usleep(250_000) }
            }
        }
        logger.debug("postgres started", metadata: ["port": "\(port)", "directory": "\(directory.path)"])
    }

    /// The postmaster's pid; nil while it is stopped.
    package var pid: Int32? { get async { await process.child?.pid } }
    package var isRunning: Bool { get async { await process.child?.isRunning ?? false } }
    /// The postmaster, its background processes and backends.
    package var processIDs: [Int32] { get async { await process.processIDs } }
    /// CPU time of all of them since this server was started, to a hundredth of a second.
    package var cpuSeconds: Double { get async { await process.cpuSeconds } }

    /// Waits until the server has ended, for whatever reason.
    package func waitUntilEnded() async {
        _ = await process.child?.wait()
    }

    /// Runs SQL through psql and returns what it prints: unaligned, columns separated by `|`, no headings.
    @discardableResult
    package func execute(_ sql: String, database: String = "postgres") async throws(DevServicesError) -> String {
        let result = try await ChildProcess.run(
            "\(programs)/psql",
            [
                "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socketDirectory, "-p", "\(port)",
                "-U", Self.user, "-d", database, "-c", sql,
            ], environment: ServerProcess.environment)
        guard result.outcome.isSuccess else { throw .commandFailed("psql", output: result.output) }
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }

    /// Makes an empty database and returns its URL.
    @discardableResult
    package func createDatabase(_ name: String) async throws(DevServicesError) -> String {
        try await execute("create database \"\(name)\"")
        return url(database: name)
    }

    /// Removes a database, ending the sessions in it.
    package func dropDatabase(_ name: String) async throws(DevServicesError) {
        try await execute("drop database if exists \"\(name)\" with (force)")
    }

    /// Stops the server and gives its directory back. Call it last; calling it again does nothing.
    package func stop(mode: StopMode = .fast) async {
        await process.stop(with: mode.signal)
        logger.debug("postgres stopped", metadata: ["port": "\(port)"])
    }

    /// Stops the server but keeps its directory for `restart`.
    package func halt(mode: StopMode = .fast) async {
        await process.end(with: mode.signal)
    }

    /// Kills the postmaster as a crash would. `restart` recovers.
    package func kill() async {
        await process.end(with: SIGKILL)
    }

    /// Stops the server if it runs and starts it with the same data on the same port.
    package func restart(mode: StopMode = .fast) async throws(DevServicesError) {
        await halt(mode: mode)
        try await launch()
    }
}
