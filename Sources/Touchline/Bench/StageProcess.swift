import DevServices
import Foundation

/// One stage as a process of its own, of this very executable.
struct StageProcess {
    let stage: Stage
    private let child: ChildProcess
    private let log: String

    static func start(_ stage: Stage, _ configuration: String, in directory: URL) async throws -> StageProcess {
        let file = directory.appendingPathComponent("\(stage.rawValue).yaml").path
        let log = directory.appendingPathComponent("\(stage.rawValue).txt").path
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        var launch = ProcessLaunch("/proc/\(getpid())/exe", [stage.rawValue, "--config", file])
        launch.output = .file(log)
        launch.errors = .file(log)
        return StageProcess(stage: stage, child: try await ChildProcess.start(launch), log: log)
    }

    var residentBytes: Int { ProcessTable.residentBytes(of: child.pid) ?? 0 }

    var processorSeconds: Double { ProcessTable.cpuSeconds(of: child.pid) ?? 0 }

    /// Throws with the end of its log if the process has ended.
    func requireAlive() throws {
        guard child.isRunning else { throw CommandFailure(description: "\(stage.rawValue) has ended: \(complaint)") }
    }

    /// The last lines of its log.
    var complaint: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    func kill() async { _ = await child.end(with: SIGKILL) }

    func stop() async { _ = await child.end(with: SIGTERM, killAfter: .seconds(10)) }
}
