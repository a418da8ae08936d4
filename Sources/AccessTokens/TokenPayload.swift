import JWTKit

/// The claims as they are written (RFC 7519 section 4.1, and our own).
struct TokenPayload: JWTPayload {
    var sub: String?
    var exp: Double?
    var nbf: Double?
    var iat: Double?
    var aud: Audience?
    var feeds: [String]?
    var sports: [String]?
    var minimumConflateMilliseconds: Int?
    var maximumConnections: Int?
    var ops: Bool?

    private enum CodingKeys: String, CodingKey {
        case sub, exp, nbf, iat, aud, feeds, sports, ops
        case minimumConflateMilliseconds = "min_conflate_ms"
        case maximumConnections = "max_conns"
    }

    /// The verifier checks the claims itself: it is given the time.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    init(_ claims: TokenClaims, issuedAt: Double) {
        sub = claims.subject
        exp = claims.expiresAt
        nbf = claims.notBefore
        iat = issuedAt
        aud = claims.audiences.isEmpty ? nil : Audience(names: claims.audiences)
        feeds = claims.feeds
        sports = claims.sports
        minimumConflateMilliseconds = claims.minimumConflateMilliseconds
        maximumConnections = claims.maximumConnections
        ops = claims.mayOperate ? true : nil
    }
}

/// One name or several: the standard allows both.
struct Audience: Codable, Sendable {
    let names: [String]

    init(names: [String]) { self.names = names }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let name = try? container.decode(String.self) {
            names = [name]
        } else {
            names = try container.decode([String].self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if names.count == 1 { try container.encode(names[0]) } else { try container.encode(names) }
    }
}
