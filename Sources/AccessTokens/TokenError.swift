/// Keys that cannot be used: said at the start, or when a file has changed.
package enum TokenError: Error, Sendable, Equatable, CustomStringConvertible {
    case secretTooShort(Int)
    case unreadableFile(String, String)
    case noUsableKey(file: String, found: [String])
    case nothingToSignWith

    package var description: String {
        switch self {
        case .secretTooShort(let count):
            "jwt_secret has \(count) bytes, and HS256 needs 32 or more: make one with 'openssl rand -hex 32'"
        case .unreadableFile(let file, let why): "the key file \(file) cannot be used: \(why)"
        case .noUsableKey(let file, let found):
            "the key file \(file) has no key for ES256 or EdDSA"
                + (found.isEmpty ? ": it is empty" : ", only \(found.joined(separator: ", "))")
        case .nothingToSignWith: "there is no key to sign with"
        }
    }
}

/// Why a token is not taken.
package enum TokenRefusal: Error, Sendable, Equatable, CaseIterable, CustomStringConvertible {
    case malformed
    /// Not one that a key of ours is for: `none` is never.
    case wrongAlgorithm
    case unknownKey
    case wrongSignature
    case withoutExpiry
    case expired
    case notYetValid
    case wrongAudience

    package var description: String {
        switch self {
        case .malformed: "the token is no JWT"
        case .wrongAlgorithm: "the token's algorithm is not accepted"
        case .unknownKey: "the token's key is not known"
        case .wrongSignature: "the token's signature is wrong"
        case .withoutExpiry: "the token has no expiry (exp)"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet (nbf)"
        case .wrongAudience: "the token is for another audience (aud)"
        }
    }
}
