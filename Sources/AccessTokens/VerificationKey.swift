import Foundation
import JWTKit

/// One key, bound to the one algorithm that it is for: what a token's header asks for cannot change that.
struct VerificationKey: Sendable {
    /// The `kid` of tokens that it signed; nil when the key has no name.
    let id: String?
    let algorithm: any JWTAlgorithm
    let signer: TokenSigner

    /// The HS256 key of a shared secret.
    init(secret: String) async throws(TokenError) {
        guard secret.utf8.count >= Self.leastSecretBytes else { throw .secretTooShort(secret.utf8.count) }
        id = nil
        signer = TokenSigner(fingerprint: KeyDigest.of(secret))
        algorithm = try await Self.algorithm { await $0.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256) }
    }

    /// A shorter one could be found by trying (RFC 7518 section 3.2).
    private static let leastSecretBytes = 32

    private init(id: String?, signer: TokenSigner, algorithm: any JWTAlgorithm) {
        self.id = id
        self.signer = signer
        self.algorithm = algorithm
    }

    private static func algorithm(
        _ add: (JWTKeyCollection) async throws -> Void
    ) async throws(TokenError) -> any JWTAlgorithm {
        let collection = JWTKeyCollection()
        do {
            try await add(collection)
            return try await collection.getKey()
        } catch {
            throw .unreadableFile("", "\(error)")
        }
    }

    // MARK: Published keys

    /// The keys of a JWKS file (RFC 7517) that are for ES256 or EdDSA. Others are left out, because an identity provider
    /// publishes what it has; a file that leaves none is an error.
    static func published(in file: String) async throws(TokenError) -> [VerificationKey] {
        let set: KeySet
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: file))
            set = try JSONDecoder().decode(KeySet.self, from: data)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw .unreadableFile(file, "there is no such file")
        } catch is DecodingError {
            throw .unreadableFile(file, "it is no JSON Web Key Set: {\"keys\":[…]} is expected")
        } catch {
            throw .unreadableFile(file, error.localizedDescription)
        }
        var keys: [VerificationKey] = []
        var others: [String] = []
        for member in set.keys {
            if let key = await key(member) { keys.append(key) } else { others.append(member.kind) }
        }
        guard !keys.isEmpty else { throw .noUsableKey(file: file, found: others) }
        return keys
    }

    private static func key(_ member: KeySet.Member) async -> VerificationKey? {
        guard let use = member.algorithm, member.use != "enc" else { return nil }
        let jwk: JWK
        switch (use, member.x, member.y) {
        case (.es256, let x?, let y?): jwk = .ecdsa(.es256, identifier: .init(string: "key"), x: x, y: y, curve: .p256)
        case (.eddsa, let x?, _):
            jwk = .octetKeyPair(.eddsa, identifier: .init(string: "key"), x: x, y: nil, curve: .ed25519)
        default: return nil
        }
        guard let algorithm = try? await algorithm({ try await $0.add(jwk: jwk) }) else { return nil }
        let parts = [member.kid, member.x, member.y].map { $0 ?? "" }
        let signer = TokenSigner(fingerprint: KeyDigest.of(parts.joined(separator: "\u{0}")))
        return VerificationKey(id: member.kid, signer: signer, algorithm: algorithm)
    }
}

/// A key set as it is written, of which only the public parts are read.
private struct KeySet: Decodable {
    struct Member: Decodable {
        let kty: String
        let kid: String?
        let alg: String?
        let use: String?
        let crv: String?
        let x: String?
        let y: String?

        enum Use { case es256, eddsa }

        /// What the key is for, from its type and curve; `alg` may confirm that but not change it.
        var algorithm: Use? {
            switch (kty, crv, alg) {
            case ("EC", "P-256", nil), ("EC", "P-256", "ES256"): .es256
            case ("OKP", "Ed25519", nil), ("OKP", "Ed25519", "EdDSA"), ("OKP", "Ed25519", "Ed25519"): .eddsa
            default: nil
            }
        }

        var kind: String { [kty, crv, alg].compactMap { $0 }.joined(separator: " ") }
    }

    let keys: [Member]
}
