import AccessTokens
import Foundation
import TestSupport
import Testing
import WebSocketTransport

@testable import Broadcaster

/// Credentials at a real port: where they may be, how long they hold, how they change.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CredentialTests {
    private static let secret = "a secret of thirty-two bytes or more"
    private static let key = "tl_0123456789"

    private static func token(
        _ lifetime: Double = 600, _ change: (inout TokenClaims) -> Void = { _ in }
    ) async throws -> String {
        let now = Date().timeIntervalSince1970
        var claims = TokenClaims(subject: "partner-a", expiresAt: now + lifetime)
        change(&claims)
        return try await SigningKey(secret: secret).sign(claims, issuedAt: now)
    }

    private func authentication() -> SubscriberAuthentication {
        SubscriberAuthentication(
            keys: [KeyDigest.of(Self.key): AccessGrant(name: "key:partner")],
            tokens: TokenConfiguration(secret: Self.secret))
    }

    @Test func everyPlaceForCredentials() async throws {
        let token = try await Self.token()
        try await LiveBroadcaster.with({ $0.authentication = authentication() }) { live in
            for credentials in [token, Self.key] {
                #expect(try await live.get("/v1/odds", [.init("Authorization", "Bearer \(credentials)")]).status == 200)
                #expect(try await live.get("/v1/odds", [.init("X-API-Key", credentials)]).status == 200)
                #expect(try await live.get("/v1/odds?token=\(credentials)").status == 200)
            }
            let named = try await live.connect { $0.subprotocols = ["bearer.\(token)"] }
            #expect(named.subprotocol == "bearer.\(token)")
            #expect(try await named.message("hello") != nil)
            await named.close()
            let late = try await live.connect()
            try await late.send(text: #"{"t":"auth","token":"\#(token)"}"#)
            #expect(try await late.message("hello") != nil)
            await late.close()
        }
    }

    @Test func aTokenThatEndsWhileConnected() async throws {
        let token = try await Self.token(2)
        try await LiveBroadcaster.with({ $0.authentication = authentication() }) { live in
            let connection = try await live.connect("/v1/ws?token=\(token)")
            try await connection.send(text: #"{"t":"sub","id":1}"#)
            #expect(try await connection.ended() == 4012)
            #expect(try await live.get("/v1/odds?token=\(token)").text.contains("the token has expired"))
        }
    }

    @Test func limitsOfAKey() async throws {
        let token = try await Self.token { $0.maximumConnections = 1 }
        try await LiveBroadcaster.with({
            $0.authentication = authentication()
            $0.limits.requestsPerSecond = 2
        }) { live in
            let only = try await live.connect("/v1/ws?token=\(token)")
            let hello = try #require(try await only.message("hello"))
            #expect((hello["limits"] as? [String: Any])?["connections_per_key"] as? Int == 1)
            await #expect(throws: WebSocketError.self) { try await live.connect("/v1/ws?token=\(token)") }
            let other = try await live.connect()
            try await other.send(text: #"{"t":"auth","token":"\#(token)"}"#)
            #expect(try await other.ended() == 4029)
            await only.close()

            var statuses: [Int] = []
            while statuses.count < 50, statuses.last != 429 {
                statuses.append(try await live.get("/v1/feeds?token=\(token)").status)
            }
            #expect(statuses.last == 429 && statuses.first == 200)
        }
    }

    @Test func whoMaySeeNothingIsForbidden() async throws {
        let token = try await Self.token { $0.feeds = ["book-z"] }
        let narrow = try await Self.token { $0.sports = ["tennis"] }
        try await LiveBroadcaster.with({ $0.authentication = authentication() }) { live in
            #expect(try await live.get("/v1/odds?token=\(token)").status == 403)
            await #expect(throws: WebSocketError.self) { try await live.connect("/v1/ws?token=\(token)") }
            let late = try await live.connect()
            try await late.send(text: #"{"t":"auth","token":"\#(token)"}"#)
            #expect(try await late.ended() == 4003)
            for path in ["/v1/odds", "/v1/stream"] {
                let answer = try await live.get("\(path)?sports=football&token=\(narrow)")
                #expect(answer.status == 403 && answer.errorCode == "not_allowed", "\(path)")
            }
        }
    }

    @Test func aKeyThatIsTakenAwayEndsItsConnections() async throws {
        let keys = SubscriberKeys(authentication().keys)
        try await LiveBroadcaster.with({
            $0.authentication = authentication()
            $0.keys = keys
        }) { live in
            let token = try await Self.token()
            let byToken = try await live.connect("/v1/ws?token=\(token)")
            try await byToken.send(text: #"{"t":"sub","id":1}"#)
            let byKey = try await live.connect("/v1/ws?token=\(Self.key)")
            try await byKey.send(text: #"{"t":"sub","id":1}"#)
            keys.replace([KeyDigest.of("another"): AccessGrant(name: "key:other")])
            #expect(try await byKey.ended() == 4001)
            #expect(try await live.get("/v1/odds?token=\(Self.key)").status == 401)
            #expect(try await live.get("/v1/odds?token=another").status == 200)
            try await byToken.send(text: #"{"t":"sub","id":2}"#)
            #expect(try await byToken.message("sub_ok") != nil)
            await byToken.close()
        }
    }

    @Test func keysAreReadAgainWithoutARestart() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("jwks.json").path
        let keys = (SigningKey(generating: .es256, id: "1"), SigningKey(generating: .eddsa, id: "2"))
        try #require(keys.0.keySetText).write(toFile: file, atomically: true, encoding: .utf8)
        let now = Date().timeIntervalSince1970
        let claims = TokenClaims(subject: "partner-a", expiresAt: now + 600)
        let tokens = (try await keys.0.sign(claims, issuedAt: now), try await keys.1.sign(claims, issuedAt: now))
        try await LiveBroadcaster.with({
            $0.authentication = SubscriberAuthentication(tokens: TokenConfiguration(keySetFile: file))
        }) { live in
            #expect(try await live.get("/v1/feeds?token=\(tokens.0)").status == 200)
            #expect(try await live.get("/v1/feeds?token=\(tokens.1)").status == 401)
            try #require(keys.1.keySetText).write(toFile: file, atomically: true, encoding: .utf8)
            while try await live.get("/v1/feeds?token=\(tokens.1)").status == 401 {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await live.get("/v1/feeds?token=\(tokens.0)").status == 401)
        }
    }

    @Test func aConnectionEndsWithTheKeyThatLetItIn() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("jwks.json").path
        let keys = (SigningKey(generating: .es256, id: "1"), SigningKey(generating: .eddsa, id: "2"))
        let sets = (try #require(keys.0.keySetText), try #require(keys.1.keySetText))
        // `{"keys":[one]}` and `{"keys":[other]}`
        let both = "\(sets.0.dropLast(2)),\(sets.1.dropFirst(9))"
        try both.write(toFile: file, atomically: true, encoding: .utf8)
        let now = Date().timeIntervalSince1970
        let claims = TokenClaims(subject: "partner-a", expiresAt: now + 600)
        let tokens = (try await keys.0.sign(claims, issuedAt: now), try await keys.1.sign(claims, issuedAt: now))
        try await LiveBroadcaster.with({
            $0.authentication = SubscriberAuthentication(
                keys: [KeyDigest.of(Self.key): AccessGrant(name: "key:partner")],
                tokens: TokenConfiguration(keySetFile: file))
        }) { live in
            let revoked = try await live.connect("/v1/ws?token=\(tokens.0)")
            let others = [tokens.1, Self.key]
            var staying: [WebSocketConnection] = []
            for token in others { staying.append(try await live.connect("/v1/ws?hb_ms=1000&token=\(token)")) }
            try sets.1.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await revoked.ended() == 4001)
            for connection in staying {
                #expect(try await connection.message("hb") != nil)
                await connection.close()
            }
        }
    }

    @Test(.enabled(if: TestCertificates.isPossible, "needs openssl"))
    func certificatesAreReadAgainWithoutARestart() async throws {
        try await TestCertificates.with { certificates in
            let (old, new) = (try await certificates.authority("old"), try await certificates.authority("new"))
            let first = try await certificates.certificate("first", for: "DNS:localhost,IP:127.0.0.1", by: old)
            let second = try await certificates.certificate("second", for: "DNS:localhost,IP:127.0.0.1", by: new)
            let served = (certificates.path("served.pem"), certificates.path("served.key"))
            func serve(_ pair: TestCertificates.Pair) throws {
                for (from, to) in [(pair.certificate, served.0), (pair.key, served.1)] {
                    try Data(contentsOf: URL(fileURLWithPath: from)).write(
                        to: URL(fileURLWithPath: to), options: .atomic)
                }
            }
            try serve(first)
            try await LiveBroadcaster.with(
                {
                    $0.tls = ServerTLSConfiguration(certificateFile: served.0, privateKeyFile: served.1)
                }, authority: old.certificate
            ) { live in
                #expect(try await status(live, trusting: old.certificate) == 200)
                try serve(second)
                while try await status(live, trusting: new.certificate) == nil {
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await status(live, trusting: old.certificate) == nil)
            }
        }
    }

    /// Nil when the certificate is not trusted.
    private func status(_ live: LiveBroadcaster, trusting authority: String) async throws -> Int? {
        do {
            return try await live.get("/v1/feeds", scheme: "https") { $0.tls.additionalAuthorityFile = authority }
                .status
        } catch let error as WebSocketError {
            guard case .tls = error else { throw error }
            return nil
        }
    }
}
