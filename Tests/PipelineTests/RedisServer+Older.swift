import DevServices
import Foundation

extension RedisServer {
    /// Is killed, and comes back with what it had a second before.
    func comeBackOlder(meanwhile: () async throws -> Void = {}) async throws {
        let folder = URL(fileURLWithPath: logPath).deletingLastPathComponent().path
        try await stopRewriting()
        _ = try await ChildProcess.run("cp", ["-a", "\(folder)/redis", "\(folder)/older"])
        try await Task.sleep(for: .seconds(1))
        await kill()
        try await meanwhile()
        _ = try await ChildProcess.run("rm", ["-rf", "\(folder)/redis"])
        _ = try await ChildProcess.run("mv", ["\(folder)/older", "\(folder)/redis"])
        try await restart()
    }

    /// A log that is rewritten while it is copied is a copy of nothing.
    private func stopRewriting() async throws {
        func redis(_ command: String...) async throws -> String {
            try await ChildProcess.run("redis-cli", ["-u", url] + command).output
        }
        _ = try await redis("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
        while !(try await redis("INFO", "persistence").contains("aof_rewrite_in_progress:0")) {
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
