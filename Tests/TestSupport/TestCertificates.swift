import DevServices
import Foundation

/// Certificates made by openssl for one test, in a folder that goes with them.
package struct TestCertificates {
    /// A certificate and its key.
    package struct Pair: Sendable {
        package let certificate: String
        package let key: String
    }

    private let directory: URL

    /// Whether there is an openssl to make them with.
    package static let isPossible = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/openssl")
    }

    /// Runs `body` with a folder that is removed afterwards.
    package static func with(_ body: (TestCertificates) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(TestCertificates(directory: directory))
    }

    /// Where a file of this name would be in the folder.
    package func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    /// An authority that signs itself.
    package func authority(_ name: String = "authority") async throws -> Pair {
        let pair = Pair(certificate: path("\(name).pem"), key: path("\(name).key"))
        try await openssl(
            ["req", "-x509", "-days", "1", "-subj", "/CN=\(name)", "-out", pair.certificate] + newKey(pair.key))
        return pair
    }

    /// A certificate for these names, such as `DNS:localhost`, signed by an authority; negative days have passed.
    package func certificate(_ name: String, for names: String, by authority: Pair, days: Int = 1) async throws -> Pair
    {
        let pair = Pair(certificate: path("\(name).pem"), key: path("\(name).key"))
        let request = path("\(name).csr")
        try await openssl(
            ["req", "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-out", request] + newKey(pair.key))
        try await openssl([
            "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial",
            "-copy_extensions", "copyall", "-days", "\(days)", "-out", pair.certificate,
        ])
        return pair
    }

    private func newKey(_ path: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]
    }

    private func openssl(_ arguments: [String]) async throws {
        var launch = ProcessLaunch("openssl", arguments)
        launch.output = .capture
        launch.errors = .capture
        let child = try await ChildProcess.start(launch)
        let outcome = await child.wait()
        guard outcome.isSuccess else { throw OpenSSLFailure(arguments: arguments, output: child.capturedOutput()) }
    }

    private struct OpenSSLFailure: Error {
        let arguments: [String]
        let output: String
    }
}
