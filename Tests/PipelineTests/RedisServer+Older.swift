import DevServices
import Foundation

extension RedisServer {
    /// Is killed, and comes back with what it had a second before.
    func comeBackOlder() async throws {
        let folder = URL(fileURLWithPath: logPath).deletingLastPathComponent().path
        _ = try await ChildProcess.run("cp", ["-a", "\(folder)/redis", "\(folder)/older"])
        try await Task.sleep(for: .seconds(1))
        await kill()
        _ = try await ChildProcess.run("rm", ["-rf", "\(folder)/redis"])
        _ = try await ChildProcess.run("mv", ["\(folder)/older", "\(folder)/redis"])
        try await restart()
    }
}
