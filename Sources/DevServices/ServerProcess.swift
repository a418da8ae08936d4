import Glibc

/// What Redis and PostgreSQL have in common: a directory, a log, a child that is started, polled until it answers, stopped,
/// killed and started again.
actor ServerProcess {
    nonisolated let name: String
    nonisolated let directory: RunDirectory
    nonisolated let user: ServiceUser?
    /// What the kernel and `LiveServers` send to end it at once.
    let stopSignal: Int32
    private(set) var child: ChildProcess?
    private var isReleased = false

    init(name: String, directory: RunDirectory, user: ServiceUser?, stopSignal: Int32) {
        self.name = name
        self.directory = directory
        self.user = user
        self.stopSignal = stopSignal
    }

    nonisolated var logPath: String { "\(directory.path)/\(name).log" }

    /// Starts the server and waits until `isReady`. The server is not left running when this throws.
    func start(
        _ program: String, _ arguments: [String], within limit: Duration,
        isReady: () async throws(DevServicesError) -> Bool
    ) async throws(DevServicesError) {
        var launch = ProcessLaunch(program, arguments)
        launch.directory = "/"
        launch.output = .file(logPath)
        launch.user = user
        launch.deathSignal = stopSignal
        launch.environment = ServerProcess.environment
        let child = try await ChildProcess.start(launch)
        self.child = child
        do {
            try LiveServers.add(child, name: name, stopSignal: stopSignal, directory: directory)
            try await waitUntilReady(child, limit, isReady)
        } catch {
            await end(with: SIGKILL)
            throw error
        }
    }

    private func waitUntilReady(
        _ child: ChildProcess, _ limit: Duration, _ isReady: () async throws(DevServicesError) -> Bool
    ) async throws(DevServicesError) {
        let deadline = ContinuousClock.now + limit
        var pause = Duration.milliseconds(10)
        while true {
            if try await isReady() { return }
            if let outcome = child.outcome {
                throw .endedEarly(name, outcome: outcome.description, log: SystemFile.tail(logPath))
            }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw .notReady(name, log: SystemFile.tail(logPath))
            }
            _ = await child.wait(atMost: pause)
            pause = min(pause * 2, .milliseconds(200))
        }
    }

    /// Ends the server and everything it forked; does nothing when it is not running.
    func end(with signal: Int32) async {
        guard let child else { return }
        let family = ProcessTable.children(of: child.pid).compactMap { pid in
            ProcessTable.startTime(of: pid).map { (pid, $0) }
        }
        await child.end(with: signal, killAfter: .seconds(60))
        LiveServers.remove(child)
        self.child = nil
        // The next start needs what they hold: ports, shared memory.
        await BlockingThread.run {
            for (pid, start) in family {
                for _ in 0..<1000 where ProcessTable.startTime(of: pid) == start { usleep(5_000) }
                if ProcessTable.startTime(of: pid) == start { kill(pid, SIGKILL) }
            }
        }
    }

    /// Ends the server for good and gives its directory back; the second time does nothing.
    func stop(with signal: Int32) async {
        await end(with: signal)
        guard !isReleased else { return }
        isReleased = true
        let directory = directory
        await BlockingThread.run { directory.release() }
    }

    /// The server's process and its children.
    var processIDs: [Int32] {
        guard let child, child.isRunning else { return [] }
        return [child.pid] + ProcessTable.children(of: child.pid)
    }

    /// CPU time of all processes of the server, of those that ended too.
    var cpuSeconds: Double {
        processIDs.reduce(0) { $0 + (ProcessTable.cpuSeconds(of: $1) ?? 0) }
    }

    /// A bare environment: no `PG…` of the caller's gets in the way.
    static let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"]
}
