import Foundation
import Testing

@testable import AccessTokens

/// Which tokens are taken, and what is said of the others.
struct TokenVerifierTests {
    private static let secret = "a secret of thirty-two bytes or more"
    private static let now = 1_766_414_833.0

    private static func claims(_ change: (inout TokenClaims) -> Void = { _ in }) -> TokenClaims {
        var claims = TokenClaims(subject: "partner-a", expiresAt: now + 60)
        change(&claims)
        return claims
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    private func refusal(
        _ verifier: TokenVerifier, _ token: String, at now: Double = now
    ) -> TokenRefusal? {
        do throws(TokenRefusal) {
            _ = try verifier.verify(token, at: now)
            return nil
        } catch { return error }
    }

    /// A token as somebody would write it who has no key.
    private static func forged(header: String, payload: String, signature: String = "") -> String {
        func encode(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
                .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        }
        return "\(encode(header)).\(encode(payload)).\(signature)"
    }

    @Test func claimsComeBackAsTheyWereSigned() async throws {
        let verifier = try await TokenVerifier(TokenConfiguration(secret: Self.secret))
        let claims = Self.claims {
            $0.feeds = ["book-a"]
            $0.sports = ["football"]
            $0.minimumConflateMilliseconds = 250
            $0.maximumConnections = 2
            $0.audiences = ["odds"]
            $0.mayOperate = true
        }
        let token = try await SigningKey(secret: Self.secret).sign(claims, issuedAt: Self.now)
        #expect(try verifier.verify(token, at: Self.now) == claims)
    }

    @Test(arguments: SigningKey.Kind.allCases)
    func keyPairsOfAKeySet(_ kind: SigningKey.Kind) async throws {
        try await withFolder { folder in
            let key = SigningKey(generating: kind, id: "one")
            let file = folder.appendingPathComponent("jwks.json").path
            try #require(key.keySetText).write(toFile: file, atomically: true, encoding: .utf8)
            let verifier = try await TokenVerifier(TokenConfiguration(keySetFile: file))
            let token = try await key.sign(Self.claims(), issuedAt: Self.now)
            #expect(try verifier.verify(token, at: Self.now) == Self.claims())

            let stored = folder.appendingPathComponent("private.jwk").path
            try #require(key.privateKeyText).write(toFile: stored, atomically: true, encoding: .utf8)
            let again = try await SigningKey(readingFile: stored).sign(Self.claims(), issuedAt: Self.now)
            #expect(refusal(verifier, again) == nil)

            let stranger = try await SigningKey(generating: kind, id: "one").sign(Self.claims(), issuedAt: Self.now)
            #expect(refusal(verifier, stranger) == .wrongSignature)
            let unnamed = try await SigningKey(generating: kind, id: "two").sign(Self.claims(), issuedAt: Self.now)
            #expect(refusal(verifier, unnamed) == .unknownKey)
        }
    }

    @Test func keysAreRotatedByReadingTheirFileAgain() async throws {
        try await withFolder { folder in
            let (old, new) = (SigningKey(generating: .es256, id: "old"), SigningKey(generating: .eddsa, id: "new"))
            let file = folder.appendingPathComponent("jwks.json").path
            try #require(old.keySetText).write(toFile: file, atomically: true, encoding: .utf8)
            let verifier = try await TokenVerifier(TokenConfiguration(keySetFile: file))
            let (first, second) = (
                try await old.sign(Self.claims(), issuedAt: Self.now),
                try await new.sign(Self.claims(), issuedAt: Self.now)
            )
            #expect(refusal(verifier, first) == nil && refusal(verifier, second) == .wrongAlgorithm)

            try "{".write(toFile: file, atomically: true, encoding: .utf8)
            await #expect(throws: TokenError.self) { try await verifier.reload() }
            #expect(refusal(verifier, first) == nil, "what cannot be read leaves the former keys in place")

            try #require(new.keySetText).write(toFile: file, atomically: true, encoding: .utf8)
            try await verifier.reload()
            #expect(refusal(verifier, first) == .wrongAlgorithm && refusal(verifier, second) == nil)
        }
    }

    @Test func whatIsNoToken() async throws {
        let verifier = try await TokenVerifier(TokenConfiguration(secret: Self.secret))
        let long = String(repeating: "a", count: 9_000)
        for text in ["", "x", "..", "a.b", "a.b.c.d", long, "\(long).\(long).\(long)", "e30.e30.", "💥.💥.💥"] {
            #expect([.malformed, .wrongAlgorithm].contains(refusal(verifier, text)), "\(text.prefix(20))")
        }
    }

    @Test func noneIsNoAlgorithm() async throws {
        let verifier = try await TokenVerifier(TokenConfiguration(secret: Self.secret))
        for name in ["none", "None", "NONE", "nOnE", "", "RS256", "HS512"] {
            let token = Self.forged(
                header: #"{"alg":"\#(name)","typ":"JWT"}"#, payload: #"{"sub":"a","exp":99999999999}"#)
            #expect(refusal(verifier, token) == .wrongAlgorithm, "\(name)")
        }
        let silent = Self.forged(header: #"{"typ":"JWT"}"#, payload: #"{"sub":"a","exp":99999999999}"#)
        #expect(refusal(verifier, silent) == .wrongAlgorithm)
    }

    /// The classic: the public key is no secret, so whoever takes HS256 with it takes anybody.
    @Test func aPublicKeyIsNoSecret() async throws {
        try await withFolder { folder in
            let key = SigningKey(generating: .es256, id: "one")
            let published = try #require(key.keySetText)
            let file = folder.appendingPathComponent("jwks.json").path
            try published.write(toFile: file, atomically: true, encoding: .utf8)
            let alone = try await TokenVerifier(TokenConfiguration(keySetFile: file))
            let both = try await TokenVerifier(TokenConfiguration(secret: Self.secret, keySetFile: file))
            let object = try JSONSerialization.jsonObject(with: Data(published.utf8)) as? [String: [[String: String]]]
            let x = try #require(object?["keys"]?.first?["x"])
            for secret in [published, x, published.replacingOccurrences(of: "\n", with: "")] {
                let token = try await SigningKey(secret: secret).sign(Self.claims(), issuedAt: Self.now)
                #expect(refusal(alone, token) == .wrongAlgorithm)
                #expect(refusal(both, token) == .wrongSignature)
            }
        }
    }

    @Test func keysInTheTokenAreNotUsed() async throws {
        let verifier = try await TokenVerifier(TokenConfiguration(secret: Self.secret))
        for header in [
            #"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#, #"{"alg":"HS256","jku":"http://127.0.0.1/keys"}"#,
        ] {
            let token = Self.forged(header: header, payload: #"{"sub":"a","exp":99999999999}"#, signature: "AAAA")
            #expect(refusal(verifier, token) == .wrongSignature)
        }
        let critical = Self.forged(header: #"{"alg":"HS256","crit":["b64"]}"#, payload: #"{"exp":99999999999}"#)
        #expect(refusal(verifier, critical) == .malformed)
    }

    @Test func whenATokenHolds() async throws {
        let verifier = try await TokenVerifier(TokenConfiguration(secret: Self.secret))
        let key = SigningKey(secret: Self.secret)
        let token = try await key.sign(Self.claims { $0.notBefore = Self.now }, issuedAt: Self.now)
        #expect(refusal(verifier, token) == nil)
        #expect(refusal(verifier, token, at: Self.now + 60) == .expired)
        #expect(refusal(verifier, token, at: Self.now - 1) == .notYetValid)
        var endless = TokenPayload(Self.claims(), issuedAt: Self.now)
        endless.exp = nil
        #expect(refusal(verifier, try await key.sign(endless)) == .withoutExpiry)
    }

    @Test func forWhomATokenIs() async throws {
        let verifier = try await TokenVerifier(TokenConfiguration(secret: Self.secret, audience: "odds"))
        let key = SigningKey(secret: Self.secret)
        for (audiences, expected) in [
            ([], TokenRefusal.wrongAudience), (["bets"], .wrongAudience), (["odds"], nil), (["bets", "odds"], nil),
        ] {
            let token = try await key.sign(Self.claims { $0.audiences = audiences }, issuedAt: Self.now)
            #expect(refusal(verifier, token) == expected, "\(audiences)")
        }
    }

    @Test func keysThatCannotBeUsed() async throws {
        await #expect(throws: TokenError.secretTooShort(5)) {
            try await TokenVerifier(TokenConfiguration(secret: "short"))
        }
        try await withFolder { folder in
            let file = folder.appendingPathComponent("jwks.json").path
            for text in [
                "", "[]", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","alg":"RS256"}]}"#,
            ] {
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                await #expect(throws: TokenError.self) { try await TokenVerifier(TokenConfiguration(keySetFile: file)) }
            }
            await #expect(throws: TokenError.unreadableFile(file + "x", "there is no such file")) {
                try await TokenVerifier(TokenConfiguration(keySetFile: file + "x"))
            }
        }
    }

    @Test func digests() {
        #expect(KeyDigest.of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(KeyDigest.isValid(KeyDigest.of("")) && !KeyDigest.isValid("abc"))
    }
}
