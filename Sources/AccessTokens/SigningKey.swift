import Crypto
import Foundation
import JWTKit

/// Signs tokens: for development, for tests, and for whoever has no identity provider.
package struct SigningKey: Sendable {
    /// What a key pair is for.
    package enum Kind: String, Sendable, CaseIterable {
        case es256
        case eddsa
    }

    private enum Key: Sendable {
        case secret(String)
        case es256(P256.Signing.PrivateKey)
        case eddsa(Curve25519.Signing.PrivateKey)
    }

    private let key: Key
    /// Goes into the header of tokens, so that a verifier finds the key.
    private let id: String?

    /// HS256 with a shared secret.
    package init(secret: String) {
        key = .secret(secret)
        id = nil
    }

    /// A new key pair.
    package init(generating kind: Kind, id: String) {
        switch kind {
        case .es256: key = .es256(P256.Signing.PrivateKey())
        case .eddsa: key = .eddsa(Curve25519.Signing.PrivateKey())
        }
        self.id = id
    }

    /// The private key that `privateKeyText` wrote.
    package init(readingFile file: String) throws(TokenError) {
        let stored: StoredKey
        do {
            stored = try JSONDecoder().decode(StoredKey.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw .unreadableFile(file, "it is no private JSON Web Key: make one with 'touchline token key'")
        }
        guard let secret = Data(unpadded: stored.d) else { throw .unreadableFile(file, "'d' is no base64url") }
        id = stored.kid
        do {
            switch stored.crv {
            case "P-256": key = .es256(try P256.Signing.PrivateKey(rawRepresentation: secret))
            case "Ed25519": key = .eddsa(try Curve25519.Signing.PrivateKey(rawRepresentation: secret))
            default: throw TokenError.unreadableFile(file, "the curve \(stored.crv) is not P-256 or Ed25519")
            }
        } catch let error as TokenError {
            throw error
        } catch {
            throw .unreadableFile(file, "its private part does not fit its curve")
        }
    }

    /// A token with these claims.
    package func sign(_ claims: TokenClaims, issuedAt: Double) async throws -> String {
        try await sign(TokenPayload(claims, issuedAt: issuedAt))
    }

    func sign(_ payload: TokenPayload) async throws -> String {
        let keys = JWTKeyCollection()
        switch key {
        case .secret(let secret): await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        case .es256(let key): await keys.add(ecdsa: try ES256PrivateKey(backing: key))
        case .eddsa(let key): await keys.add(eddsa: EdDSA.PrivateKey(backing: key))
        }
        var header = JWTHeader()
        // A nil would be written as null.
        if let id { header.kid = id }
        return try await keys.sign(payload, header: header)
    }

    // MARK: Files

    /// The public half as a JSON Web Key Set; nil for a secret, which has none.
    package var keySetText: String? {
        stored(withPrivate: false).map { "{\"keys\":[\(Self.text($0))]}" }
    }

    /// The private half as a JSON Web Key; nil for a secret.
    package var privateKeyText: String? { stored(withPrivate: true).map(Self.text) }

    private static func text(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",") + "}"
    }

    private func stored(withPrivate isPrivate: Bool) -> [(String, String)]? {
        var members: [(String, String)]
        switch key {
        case .secret: return nil
        case .es256(let key):
            let point = key.publicKey.rawRepresentation
            members = [
                ("kty", "EC"), ("crv", "P-256"), ("alg", "ES256"), ("x", point.prefix(32).unpadded),
                ("y", point.suffix(32).unpadded),
            ]
            if isPrivate { members.append(("d", key.rawRepresentation.unpadded)) }
        case .eddsa(let key):
            members = [
                ("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"),
                ("x", key.publicKey.rawRepresentation.unpadded),
            ]
            if isPrivate { members.append(("d", key.rawRepresentation.unpadded)) }
        }
        if let id { members.insert(("kid", id), at: 0) }
        return members
    }

    private struct StoredKey: Decodable {
        let kid: String?
        let crv: String
        let d: String
    }
}

extension Data {
    /// Base64 with the alphabet of URLs and without padding (RFC 7515 section 2).
    fileprivate var unpadded: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    fileprivate init?(unpadded text: String) {
        var text = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        text += String(repeating: "=", count: (4 - text.count % 4) % 4)
        self.init(base64Encoded: text)
    }
}
