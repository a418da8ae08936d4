import Foundation
import TestSupport
import Testing

@testable import WebSocketTransport

/// Connections over TLS, with certificates made for the occasion.
@Suite(.serialized, .timeLimit(.minutes(1)), .enabled(if: TestCertificates.isPossible, "needs openssl"))
struct ClientTLSTests {
    private typealias Pair = TestCertificates.Pair

    /// Serves with `pair` for as long as `body` takes.
    private func withTLSServer(
        _ pair: Pair, clientAuthority: String? = nil, _ script: ScriptedDelegate.Script = ScriptedDelegate.Script(),
        body: (ListeningAddress) async throws -> Void
    ) async throws {
        let tls = ServerTLSConfiguration(
            certificateFile: pair.certificate, privateKeyFile: pair.key, clientAuthorityFile: clientAuthority)
        try await withServer(.scripted(script), { $0.tls = tls }, body: body)
    }

    private func secureConnection(
        _ address: ListeningAddress, host: String = "localhost",
        _ change: (inout ClientTLSConfiguration) -> Void
    ) async throws -> WebSocketConnection {
        try await connect(address) {
            $0.url = "wss://\(host):\(address.port)/"
            change(&$0.tls)
        }
    }

    private func expectEcho(_ connection: WebSocketConnection) async throws {
        try await connection.send(text: "over TLS")
        #expect(try await connection.texts(1) == ["over TLS"])
        await connection.close()
    }

    /// Expects a refusal whose words contain `words`.
    private func expectRefusal(
        _ words: String, _ address: ListeningAddress, host: String = "localhost",
        sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout ClientTLSConfiguration) -> Void
    ) async throws {
        do {
            let connection = try await secureConnection(address, host: host, change)
            await connection.close()
            Issue.record("connected", sourceLocation: sourceLocation)
        } catch let error as WebSocketError {
            guard case .tls(let why) = error else {
                Issue.record(error, sourceLocation: sourceLocation)
                return
            }
            #expect(why.contains(words), sourceLocation: sourceLocation)
        }
    }

    @Test func whoAsksIsToldWhenCertificatesRunOut() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let server = try await certificates.certificate("server", for: "DNS:localhost", by: authority, days: 3)
            let (times, continuation) = AsyncStream.makeStream(of: Int64.self)
            try await withTLSServer(server) { address in
                let connection = try await connect(address) {
                    $0.url = "wss://localhost:\(address.port)/"
                    $0.tls.additionalAuthorityFile = authority.certificate
                    $0.onServerCertificate = { continuation.yield($0) }
                }
                let inThreeDays = Int64(Date().timeIntervalSince1970) + 3 * 86_400
                let time = try #require(await times.first { _ in true })
                #expect(abs(time - inThreeDays) < 120)
                await connection.close()

                var tls = ClientTLSConfiguration()
                #expect(tls.certificateExpiry == nil)
                tls.certificateFile = server.certificate
                #expect(tls.certificateExpiry == time)
                tls.certificateFile = server.key
                #expect(tls.certificateExpiry == nil)
            }
        }
    }

    @Test func anAuthorityOfOurOwnIsTrusted() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let server = try await certificates.certificate("server", for: "DNS:localhost,IP:127.0.0.1", by: authority)
            try await withTLSServer(server) { address in
                for host in ["localhost", "127.0.0.1"] {
                    let connection = try await secureConnection(address, host: host) {
                        $0.additionalAuthorityFile = authority.certificate
                    }
                    try await expectEcho(connection)
                }
            }
        }
    }

    @Test func anUnknownAuthorityIsRefused() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let other = try await certificates.authority("other")
            let server = try await certificates.certificate("server", for: "DNS:localhost", by: authority)
            try await withTLSServer(server) { address in
                try await expectRefusal("authority that is not known", address) { _ in }
                try await expectRefusal("authority that is not known", address) {
                    $0.additionalAuthorityFile = other.certificate
                }
            }
        }
    }

    @Test func anExpiredCertificateIsRefused() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let server = try await certificates.certificate("server", for: "DNS:localhost", by: authority, days: -1)
            try await withTLSServer(server) { address in
                try await expectRefusal("has expired", address) { $0.additionalAuthorityFile = authority.certificate }
            }
        }
    }

    @Test func anotherNameIsRefusedUnlessItIsTheOneAskedFor() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let server = try await certificates.certificate("server", for: "DNS:feed.example", by: authority)
            try await withTLSServer(server) { address in
                for host in ["localhost", "127.0.0.1"] {
                    try await expectRefusal("another name", address, host: host) {
                        $0.additionalAuthorityFile = authority.certificate
                    }
                }
                let connection = try await secureConnection(address) {
                    $0.additionalAuthorityFile = authority.certificate
                    $0.serverName = "feed.example"
                }
                try await expectEcho(connection)
            }
        }
    }

    @Test func aClientCertificateIsShownWhereItIsRequired() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let server = try await certificates.certificate("server", for: "DNS:localhost", by: authority)
            let client = try await certificates.certificate("client", for: "DNS:client", by: authority)
            let strangers = try await certificates.authority("strangers")
            let stranger = try await certificates.certificate("stranger", for: "DNS:client", by: strangers)
            func identify(_ tls: inout ClientTLSConfiguration, as pair: Pair?) {
                tls.additionalAuthorityFile = authority.certificate
                tls.certificateFile = pair?.certificate
                tls.privateKeyFile = pair?.key
            }
            try await withTLSServer(server, clientAuthority: authority.certificate) { address in
                try await expectEcho(secureConnection(address) { identify(&$0, as: client) })
                try await expectRefusal("wants a client certificate", address) { identify(&$0, as: nil) }
                try await expectRefusal("client certificate", address) { identify(&$0, as: stranger) }
            }
        }
    }

    @Test func aServerWithoutTLSIsNamed() async throws {
        try await withServer { address in
            try await expectRefusal("does not answer in TLS", address) { _ in }
        }
    }

    @Test func filesThatCannotBeUsedAreNamed() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            var tls = ClientTLSConfiguration()
            tls.additionalAuthorityFile = certificates.path("absent.pem")
            #expect(WebSocketClientConfiguration.problem(ofTLS: tls)?.contains("absent.pem") == true)
            tls.additionalAuthorityFile = authority.certificate
            #expect(WebSocketClientConfiguration.problem(ofTLS: tls) == nil)
            tls.certificateFile = authority.certificate
            #expect(WebSocketClientConfiguration.problem(ofTLS: tls)?.contains("both") == true)
            tls.privateKeyFile = authority.certificate
            #expect(WebSocketClientConfiguration.problem(ofTLS: tls)?.contains("TLS files") == true)
            tls.privateKeyFile = authority.key
            #expect(WebSocketClientConfiguration.problem(ofTLS: tls) == nil)
            tls.privateKeyFile = try await certificates.authority("other").key
            #expect(WebSocketClientConfiguration.problem(ofTLS: tls)?.contains("TLS files") == true)
        }
    }

    @Test(arguments: [true, false]) func anAbruptEndIsSeenThroughTLS(withReset: Bool) async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let server = try await certificates.certificate("server", for: "DNS:localhost", by: authority)
            let script = ScriptedDelegate.Script(text: { _, peer in peer.abort(withReset: withReset) })
            try await withTLSServer(server, script) { address in
                let connection = try await secureConnection(address) {
                    $0.additionalAuthorityFile = authority.certificate
                }
                try await connection.send(text: "now")
                let reason = try await connection.drained()
                #expect(reason?.code == .abnormal)
                #expect(reason?.text == (withReset ? "reset by the other end" : ""))
            }
        }
    }
}
