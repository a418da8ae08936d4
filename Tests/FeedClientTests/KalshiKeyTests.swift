import CryptoExtras
import FeedModel
import Foundation
import Logging
import NIOPosix
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import FeedClient

/// What Kalshi would do with a handshake: verify its signature with the public key.
@Suite struct KalshiKeyTests {
    private static let now = Timestamp(microseconds: 1_795_253_400_123_456)

    /// A file for as long as `body` takes.
    private func withFile(_ text: String, _ body: (_ path: String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("key")).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func isValid(
        _ headers: [String: String], path: String, by key: _RSA.Signing.PublicKey
    ) throws -> Bool {
        let time = try #require(headers["kalshi-access-timestamp"])
        let signature = try #require(headers["kalshi-access-signature"].flatMap { Data(base64Encoded: $0) })
        return key.isValidSignature(
            .init(rawRepresentation: signature), for: Data("\(time)GET\(path)".utf8), padding: .PSS)
    }

    private func lowercased(_ headers: [HTTPHeader]) -> [String: String] {
        Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
    }

    @Test(arguments: [false, true]) func bothFormsOfPEMSign(isPKCS8: Bool) async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        try await withFile(isPKCS8 ? key.pkcs8PEMRepresentation : key.pemRepresentation) { file in
            #expect(KalshiKey.problem(ofFile: file) == nil)
            let signer = KalshiKey(accessKey: "us", privateKeyFile: file)
            let headers = lowercased(try signer.headers(path: "/trade-api/ws/v2", now: Self.now))
            #expect(headers["kalshi-access-key"] == "us")
            #expect(headers["kalshi-access-timestamp"] == "1795253400123")
            #expect(try isValid(headers, path: "/trade-api/ws/v2", by: key.publicKey))
            #expect(try !isValid(headers, path: "/trade-api/ws/v3", by: key.publicKey))
        }
    }

    @Test func everyHandshakeIsSignedAnew() async throws {
        let first = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let second = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        try await withFile(first.pemRepresentation) { file in
            let handshakes = Mutex<[[String: String]]>([])
            let routes = HTTPRoutes(upgrade: { request in
                let fields = request.headers.all.map { ($0.name.lowercased(), $0.value) }
                handshakes.withLock { $0.append(Dictionary(fields) { first, _ in first }) }
                return .accept(delegate: { _ in SilentPeer() })
            })
            let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: routes)
            let address = try await server.start()
            var feed = FeedConfiguration(
                name: try #require(FeedName("k")), provider: "kalshi", url: "ws://\(address)/trade-api/ws/v2?x=1")
            feed.kalshiKey = KalshiKey(accessKey: "us", privateKeyFile: file)
            let probe = { @Sendable [feed] in await FeedProbe.problem(with: feed, logger: Logger(label: "test")) }
            #expect(await probe() == nil)
            #expect(await probe() == nil)
            try second.pemRepresentation.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(await probe() == nil)
            await server.stop(grace: .zero)
            let seen = handshakes.withLock { $0 }
            try #require(seen.count == 3)
            #expect(Set(seen.map { $0["kalshi-access-signature"] }).count == 3)
            // The path is signed without its query, and a new key in the file is taken at once.
            for (headers, key) in zip(seen, [first, first, second]) {
                #expect(try isValid(headers, path: "/trade-api/ws/v2", by: key.publicKey))
            }
        }
    }

    @Test func aBadFileIsNamedWithWhatToDo() async throws {
        let absent = try #require(KalshiKey.problem(ofFile: "/nowhere/key.pem"))
        #expect(absent.contains("/nowhere/key.pem") && absent.contains("cannot be read") && absent.contains("PKCS#8"))
        try await withFile("-----BEGIN RSA PRIVATE KEY-----\nhush\n-----END RSA PRIVATE KEY-----\n") { file in
            let bad = try #require(KalshiKey.problem(ofFile: file))
            #expect(bad.contains(file) && bad.contains("no RSA key") && !bad.contains("hush"))
        }
        try await withFile("-----BEGIN ENCRYPTED PRIVATE KEY-----\n") { file in
            #expect(KalshiKey.problem(ofFile: file)?.contains("it is encrypted") == true)
        }
        let name = try #require(FeedName("k"))
        var feed = FeedConfiguration(name: name, provider: "kalshi", url: "ws://127.0.0.1:1")
        feed.kalshiKey = KalshiKey(accessKey: "us", privateKeyFile: "/nowhere/key.pem")
        #expect(await FeedProbe.problem(with: feed, logger: Logger(label: "test")) == absent, "what doctor says")
    }
}
