import Foundation
import JWTKit
import Synchronization

/// Where the keys are that tokens are checked with, and for whom tokens must be.
package struct TokenConfiguration: Sendable, Hashable {
    /// For HS256; 32 bytes or more.
    package var secret: String?
    /// A JSON Web Key Set with public keys for ES256 and EdDSA.
    package var keySetFile: String?
    /// One of a token's `aud` must be this; nil takes any.
    package var audience: String?

    package init(secret: String? = nil, keySetFile: String? = nil, audience: String? = nil) {
        self.secret = secret
        self.keySetFile = keySetFile
        self.audience = audience
    }
}

/// Checks tokens. Any thread may ask it, also while its keys are read again.
package final class TokenVerifier: Sendable {
    private let configuration: TokenConfiguration
    private let secretKeys: [VerificationKey]
    private let publishedKeys: Mutex<[VerificationKey]>

    /// Longer ones are refused before anything is decoded.
    private static let mostTokenBytes = 8_192

    /// Reads the keys; throws when there is something wrong with them.
    package init(_ configuration: TokenConfiguration) async throws(TokenError) {
        self.configuration = configuration
        if let secret = configuration.secret {
            secretKeys = [try await VerificationKey(secret: secret)]
        } else {
            secretKeys = []
        }
        publishedKeys = Mutex([])
        try await reload()
    }

    /// Reads the key set again. When that throws, the former keys hold.
    package func reload() async throws(TokenError) {
        guard let file = configuration.keySetFile else { return }
        let keys = try await VerificationKey.published(in: file)
        publishedKeys.withLock { $0 = keys }
    }

    /// The claims of a token that one of the keys signed and that holds at `now`, in seconds since 1970.
    package func verify(_ token: String, at now: Double) throws(TokenRefusal) -> TokenClaims {
        try verified(token, at: now).claims
    }

    /// Whether a key still counts that signed a token earlier.
    package func trusts(_ signer: TokenSigner) -> Bool { keys.contains { $0.signer == signer } }

    /// The same as `verify`, with the key that signed.
    package func verified(
        _ token: String, at now: Double
    ) throws(TokenRefusal) -> (claims: TokenClaims, signer: TokenSigner) {
        let (payload, signer) = try authenticated(Array(token.utf8))
        guard let expiry = payload.exp, expiry.isFinite else { throw .withoutExpiry }
        guard now < expiry else { throw .expired }
        if let start = payload.nbf, now < start { throw .notYetValid }
        let audiences = payload.aud?.names ?? []
        if let wanted = configuration.audience, !audiences.contains(wanted) { throw .wrongAudience }
        return (claims(payload, token: token, expiry: expiry, audiences: audiences), signer)
    }

    private var keys: [VerificationKey] { secretKeys + publishedKeys.withLock { $0 } }

    private func authenticated(
        _ token: [UInt8]
    ) throws(TokenRefusal) -> (payload: TokenPayload, signer: TokenSigner) {
        guard token.count <= Self.mostTokenBytes, let end = token.lastIndex(of: UInt8(ascii: ".")),
            let (header, payload, signature) = try? DefaultJWTParser().parse(token, as: TokenPayload.self)
        else { throw .malformed }
        // An extension that must be understood is not (RFC 7515 section 4.1.11).
        guard header.crit == nil else { throw .malformed }
        let fitting = keys.filter { $0.algorithm.name == header.alg }
        guard !fitting.isEmpty else { throw .wrongAlgorithm }
        let candidates = fitting.filter { $0.id == nil || header.kid == nil || $0.id == header.kid }
        guard !candidates.isEmpty else { throw .unknownKey }
        let signing = candidates.first { key in
            (try? key.algorithm.verify(signature, signs: token[..<end])) ?? false
        }
        guard let signing else { throw .wrongSignature }
        return (payload, signing.signer)
    }

    private func claims(
        _ payload: TokenPayload, token: String, expiry: Double, audiences: [String]
    ) -> TokenClaims {
        var claims = TokenClaims(subject: payload.sub ?? KeyDigest.of(token), expiresAt: expiry)
        claims.notBefore = payload.nbf
        claims.audiences = audiences
        claims.feeds = payload.feeds
        claims.sports = payload.sports
        claims.minimumConflateMilliseconds = payload.minimumConflateMilliseconds
        claims.maximumConnections = payload.maximumConnections
        claims.mayOperate = payload.ops ?? false
        return claims
    }
}
