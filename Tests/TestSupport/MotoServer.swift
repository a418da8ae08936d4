import DevServices
import Foundation
package import Testing

/// An S3 server for tests (`moto_server`), of which PyPI's `moto[server,s3]` is. In memory, on a free port of loopback.
package final class MotoServer: Sendable {
    package let port: Int
    private let child: ChildProcess
    private let log: String

    /// Whether the program is there.
    package static let isInstalled: Bool = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/moto_server") }
    }()

    private init(port: Int, child: ChildProcess, log: String) {
        self.port = port
        self.child = child
        self.log = log
    }

    package var endpoint: String { "http://127.0.0.1:\(port)" }

    /// Runs `body` with a server of its own, that has one empty bucket.
    ///
    /// - Parameter openRequests: after so many requests signatures and permissions are checked; nil: never.
    package static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, bucket: String, openRequests: Int? = nil,
        _ body: (MotoServer) async throws -> sending Result
    ) async throws -> sending Result {
        let server = try await start(openRequests: openRequests)
        do {
            if openRequests == nil { try await server.make(bucket) }
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Ends it; whoever asks is refused the connection. Its objects are gone.
    package func stop() async {
        await child.end(with: SIGKILL)
        try? FileManager.default.removeItem(atPath: log)
    }

    /// Lets it take connections and answer nothing.
    package func freeze() { child.signal(SIGSTOP) }

    /// Makes a bucket.
    package func make(_ bucket: String) async throws { _ = try await curl(["-X", "PUT", "\(endpoint)/\(bucket)"]) }

    /// What curl, which knows nothing of us, prints; fails where the server refuses.
    @discardableResult
    package func curl(_ arguments: [String]) async throws -> String {
        let answer = try await ChildProcess.run("curl", ["--silent", "--show-error", "--fail-with-body"] + arguments)
        guard answer.outcome.isSuccess else { throw Refused(arguments: arguments, answer: answer.output) }
        return answer.output
    }

    /// What curl was refused.
    package struct Refused: Error {
        let arguments: [String]
        let answer: String
    }

    /// `PUT /bucket/key?partNumber=1&uploadId=x 200` of every request so far.
    package var requests: [String] {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\"")
            guard parts.count > 2, parts[1].hasSuffix(" HTTP/1.1") else { return nil }
            return parts[1].dropLast(" HTTP/1.1".count) + " " + parts[2].split(separator: " ")[0]
        }
    }

    // MARK: Starting

    private static func start(openRequests: Int?) async throws -> MotoServer {
        // Somebody may take the port before the server does.
        for _ in 0..<3 {
            let port = try FreePort.find()
            let log = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("moto")).path
            var launch = ProcessLaunch("moto_server", ["-H", "127.0.0.1", "-p", "\(port)"])
            launch.environment = ProcessInfo.processInfo.environment
            if let openRequests { launch.environment?["INITIAL_NO_AUTH_ACTION_COUNT"] = "\(openRequests)" }
            launch.output = .file(log)
            launch.errors = .file(log)
            let server = MotoServer(port: port, child: try await ChildProcess.start(launch), log: log)
            if try await server.isReady() { return server }
            await server.stop()
        }
        throw CocoaError(.featureUnsupported)
    }

    private func isReady() async throws -> Bool {
        for _ in 0..<300 {
            guard child.isRunning else { return false }
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if text.contains("Running on http://127.0.0.1:\(port)") { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, on a machine without an S3 server.
    package static var motoServer: Self {
        .enabled(if: MotoServer.isInstalled, "needs moto_server: pip install 'moto[server,s3]'")
    }
}
