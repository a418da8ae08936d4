import AccessTokens
import FoundationEssentials
import Logging
import Telemetry
import WebSocketTransport

/// Reads key sets and certificates again when their files change, so that rotating them needs no restart.
///
/// It looks at the files' times instead of watching them: that works on every file system, and nobody rotates keys twice a
/// second. What cannot be used leaves the former in place. Connections end whose API key is gone, or whose
/// token was signed with a key that is.
struct CredentialWatch: Sendable {
    let configuration: BroadcasterConfiguration
    let verifier: TokenVerifier?
    let apiKeys: SubscriberKeys
    let server: HTTPServer
    let hosts: [HubHost]
    let metrics: BroadcasterMetrics
    let logger: Logger

    private static let interval = Duration.seconds(1)

    /// Looks until `body` ends.
    func run(while body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await watch() }
            tasks.addTask { try await body() }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func watch() async throws {
        tellExpiry()
        var keys = WatchedFiles([configuration.authentication.tokens?.keySetFile])
        var certificates = WatchedFiles([
            configuration.tls?.certificateFile, configuration.tls?.privateKeyFile,
            configuration.tls?.clientAuthorityFile,
        ])
        var generation = apiKeys.generation
        var hasRevoked = false
        while true {
            try await Task.sleep(for: Self.interval)
            // Once more in the next round, for those who were on their way in while the keys changed.
            if hasRevoked { await closeRevoked() }
            hasRevoked = false
            if keys.haveChanged(), await reload("keys for tokens", { try await verifier?.reload() }) {
                hasRevoked = true
                await closeRevoked()
            }
            if apiKeys.generation != generation {
                generation = apiKeys.generation
                hasRevoked = true
                await closeRevoked()
            }
            if certificates.haveChanged() { await reload("certificate", reloadCertificate) }
        }
    }

    private func closeRevoked() async {
        let (verifier, apiKeys) = (verifier, apiKeys)
        for host in hosts {
            // Fails only when the loop has ended, and with it the connections.
            try? await host.with { hub in
                hub.close { grant in
                    if let digest = grant.keyDigest { return apiKeys.grant(of: digest) == nil }
                    return grant.signer.map { verifier?.trusts($0) == false } ?? false
                }
            }
        }
    }

    private func reloadCertificate() throws {
        try server.reloadTLS()
        tellExpiry()
    }

    /// Somebody has to renew it before subscribers refuse it.
    private func tellExpiry() {
        if let time = configuration.tls?.certificateExpiry { metrics.certificateExpires(at: time) }
    }

    @discardableResult
    private func reload(_ what: String, _ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            logger.notice("credentials are read again", metadata: ["what": "\(what)"])
            return true
        } catch {
            logger.error(
                "credentials are not taken: the former hold", metadata: ["what": "\(what)", LogKey.error: "\(error)"])
            return false
        }
    }
}

extension Hub {
    /// Ends the connections whose credentials are not good any more.
    func close(where isRevoked: (AccessGrant) -> Bool) {
        for subscriber in subscribers.values where subscriber.isAuthenticated && isRevoked(subscriber.grant) {
            close(subscriber, .authenticationFailed, "the key is gone")
        }
    }
}

/// Whether files are others than when they were last looked at.
struct WatchedFiles {
    private let paths: [String]
    private var stamps: [Stamp]

    private struct Stamp: Equatable {
        let modifiedAt: Date?
        let bytes: String?
        let inode: String?
    }

    init(_ paths: [String?]) {
        self.paths = paths.compactMap { $0 }
        stamps = self.paths.map(Self.stamp)
    }

    mutating func haveChanged() -> Bool {
        let now = paths.map(Self.stamp)
        defer { stamps = now }
        return now != stamps
    }

    private static func stamp(_ path: String) -> Stamp {
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        return Stamp(
            modifiedAt: facts?[.modificationDate] as? Date, bytes: facts?[.size].map { "\($0)" },
            inode: facts?[.systemFileNumber].map { "\($0)" })
    }
}
