import DevServices
import Foundation
import TestSupport

/// Our own executable as processes: started with one configuration, killed and started again.
actor StageProcesses {
    private let configurationPath: String
    private let directory: URL
    private let program: String
    private var children: [String: ChildProcess] = [:]
    private var logs: [String: String] = [:]
    private var starts = 0

    init(configuration: String) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("stages"))
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        configurationPath = directory.appendingPathComponent("touchline.yaml").path
        try configuration.write(toFile: configurationPath, atomically: true, encoding: .utf8)
        guard let program = BuiltProgram.path("touchline") else { throw CocoaError(.fileNoSuchFile) }
        self.program = program
    }

    /// What the next start, and whoever reads it again, finds.
    func rewrite(configuration: String) throws {
        try configuration.write(toFile: configurationPath, atomically: true, encoding: .utf8)
    }

    /// Starts a stage; `environment` is added to this process's own. Two of a kind need names.
    func start(
        _ stage: String, _ arguments: [String] = [], as name: String? = nil, environment: [String: String] = [:]
    ) async throws {
        try await startWithoutConfiguration(
            stage, arguments + ["--config", configurationPath], as: name, environment: environment)
    }

    /// The same for commands that read no configuration.
    func startWithoutConfiguration(
        _ stage: String, _ arguments: [String] = [], as name: String? = nil, environment: [String: String] = [:]
    ) async throws {
        starts += 1
        var launch = ProcessLaunch(program, [stage] + arguments)
        launch.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let log = directory.appendingPathComponent("\(stage)-\(starts).txt").path
        launch.output = .file(log)
        launch.errors = .file(log)
        logs[name ?? stage] = log
        children[name ?? stage] = try await ChildProcess.start(launch)
    }

    /// What a process has written so far.
    func output(of name: String) -> String {
        logs[name].flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? ""
    }

    /// How a process that ends by itself has ended.
    func outcome(of name: String) async -> ProcessOutcome? { await children.removeValue(forKey: name)?.wait() }

    /// A signal to one of them; how it ended.
    func end(_ name: String, with signal: Int32) async -> ProcessOutcome? {
        await children.removeValue(forKey: name)?.end(with: signal, killAfter: .seconds(40))
    }

    /// Starts a command on a terminal.
    func start(_ arguments: [String], on terminal: PseudoTerminal) async throws -> ChildProcess {
        var launch = ProcessLaunch(program, arguments + ["--config", configurationPath])
        launch.input = terminal.path
        launch.output = .file(terminal.path)
        return try await ChildProcess.start(launch)
    }

    /// Runs a script of bash, in which `$TOUCHLINE` is the program and `$CONFIG` its configuration.
    func shell(_ script: String) async throws -> (outcome: ProcessOutcome, output: String) {
        let paths = ["TOUCHLINE": program, "CONFIG": configurationPath]
        return try await ChildProcess.run(
            "bash", ["-c", script], environment: ProcessInfo.processInfo.environment.merging(paths) { $1 })
    }

    /// A file beside the configuration; its path.
    func write(_ text: String, to name: String) throws -> String {
        let path = directory.appendingPathComponent(name).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// The name under which the process was started.
    func name(of process: pid_t) -> String? { children.first { $0.value.pid == process }?.key }

    func pid(of name: String) -> pid_t? { children[name]?.pid }

    func signal(_ name: String, _ number: Int32) async {
        guard let child = children[name] else { return }
        child.signal(number)
        if number == SIGKILL { _ = await child.wait() }
    }

    /// SIGKILL; returns when the process is gone.
    func kill(_ stage: String) async {
        guard let child = children[stage] else { return }
        child.signal(SIGKILL)
        _ = await child.wait()
        children[stage] = nil
    }

    /// SIGKILL, and a new process at once.
    func killAndRestart(_ stage: String) async throws {
        guard children[stage] != nil else { return }
        await kill(stage)
        try await start(stage)
    }

    func isRunning(_ stage: String) -> Bool { children[stage]?.isRunning ?? false }

    /// Runs a command to its end; its exit code and what it printed.
    func run(_ arguments: [String]) async throws -> (code: Int32?, output: String) {
        try await runWithoutConfiguration(arguments + ["--config", configurationPath])
    }

    /// The same for commands that read no configuration.
    func runWithoutConfiguration(_ arguments: [String]) async throws -> (code: Int32?, output: String) {
        var launch = ProcessLaunch(program, arguments)
        launch.output = .capture
        launch.errors = .capture
        let child = try await ChildProcess.start(launch)
        let outcome = await child.wait()
        guard case .exited(let code) = outcome.status else { return (nil, child.capturedOutput()) }
        return (code, child.capturedOutput())
    }

    /// A signal to all; true if every one ended by itself with 0.
    func stop(with signal: Int32 = SIGTERM) async -> Bool {
        var isClean = true
        for child in children.values {
            let outcome = await child.end(with: signal, killAfter: .seconds(40))
            isClean = isClean && outcome.isSuccess
        }
        return isClean
    }

    /// The ends of all logs, for a test that fails.
    func complaints() -> String {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted().map { name in
            let path = directory.appendingPathComponent(name).path
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n")
            // Of a crash its beginning tells, not its end.
            let crash = lines.firstIndex { $0.hasPrefix("*** ") || $0.contains("Fatal error") }
            let told = crash.map { lines[$0...].prefix(60) } ?? lines.suffix(8)
            return "--- \(name)\n" + told.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    func removeFiles() { try? FileManager.default.removeItem(at: directory) }
}
