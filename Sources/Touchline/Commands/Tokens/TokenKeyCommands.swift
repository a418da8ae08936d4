import AccessTokens
import ArgumentParser
import Foundation

/// Makes a key pair for tokens.
struct TokenKeyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make a key pair: private.jwk to sign with, jwks.json for broadcaster.auth.jwks_file.",
        discussion: "Example: touchline token key --kind eddsa --directory keys")

    @Option(help: "es256 or eddsa.") var kind = SigningKey.Kind.es256
    @Option(help: "Names the key in tokens and in the key set; default: one made up.") var id: String?
    @Option(help: "Where the two files go; the folder is made.") var directory = "."

    func execute() async throws {
        let key = SigningKey(generating: kind, id: id ?? String(UInt32.random(in: .min ... .max), radix: 16))
        guard let privateText = key.privateKeyText, let publicText = key.keySetText else { return }
        let folder = URL(fileURLWithPath: directory)
        let files = ["private.jwk", "jwks.json"].map { folder.appendingPathComponent($0).path }
        if let taken = files.first(where: FileManager.default.fileExists) {
            throw CommandFailure(description: "\(taken) exists: choose another --directory")
        }
        // What is wrong with the folder shows at its first file.
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try create(files[0], privateText, permissions: 0o600)
        try create(files[1], publicText, permissions: 0o644)
        StandardOutput.line("\(files[0])\n\(files[1])")
    }

    private func create(_ path: String, _ text: String, permissions: Int) throws {
        let isCreated = FileManager.default.createFile(
            atPath: path, contents: Data((text + "\n").utf8), attributes: [.posixPermissions: permissions])
        guard isCreated else { throw CommandFailure(description: "\(path) cannot be written") }
    }
}

extension SigningKey.Kind: ExpressibleByArgument {}

/// Makes an API key.
struct TokenAPIKeyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-key", abstract: "Make an API key, and what goes into broadcaster.auth.api_keys for it.",
        discussion: "Example: touchline token api-key partner-a")

    @Argument(help: "Names the key in the configuration.") var name: String

    func execute() async throws {
        let key = "tl_" + (0..<64).map { _ in Self.digits[Int.random(in: 0..<16)] }.joined()
        StandardOutput.line("key:           \(key)")
        StandardOutput.line("configuration: \(name): { sha256: \(KeyDigest.of(key)) }")
    }

    private static let digits = "0123456789abcdef".map(String.init)
}
