import AccessTokens
import FeedModel
import WebSocketTransport

/// What a request's credentials are worth.
enum Verdict: Sendable, Equatable {
    /// Nothing is required, or they are good.
    case allowed(AccessGrant)
    /// None were presented: a WebSocket may still send them in its first message.
    case missing
    case refused(String)
}

/// Checks credentials. Quick and without I/O, for it is asked on event loops.
struct Authenticator: Sendable {
    private let authentication: SubscriberAuthentication
    private let verifier: TokenVerifier?
    private let keys: SubscriberKeys

    /// - Parameter keys: nil if those of the authentication never change.
    init(_ authentication: SubscriberAuthentication, verifier: TokenVerifier?, keys: SubscriberKeys? = nil) {
        self.authentication = authentication
        self.verifier = verifier
        self.keys = keys ?? SubscriberKeys(authentication.keys)
    }

    /// Looks for credentials where clients can put them, in this order: `Authorization: Bearer`, `X-API-Key`,
    /// the subprotocol `bearer.<token>`, `?token=`. The first place that has any decides.
    func judge(_ request: HTTPRequest, at now: Moment) -> Verdict {
        guard authentication.isRequired else { return .allowed(.everything) }
        switch Self.credentials(of: request) {
        case .token(let token): return judge(token: token, at: now)
        case .none: return .missing
        case .otherScheme: return .refused("Authorization must be 'Bearer <token>'")
        }
    }

    func judge(token: String, at now: Moment) -> Verdict {
        guard authentication.isRequired else { return .allowed(.everything) }
        let digest = KeyDigest.of(token)
        if var grant = keys.grant(of: digest) {
            grant.keyDigest = digest
            return .allowed(grant)
        }
        guard let verifier else { return .refused("unknown key") }
        do throws(TokenRefusal) {
            let known = try verifier.verified(token, at: Double(now.wall.microseconds) / 1_000_000)
            return .allowed(AccessGrant(known.claims, signer: known.signer))
        } catch {
            return .refused(error == .malformed ? "unknown key" : error.description)
        }
    }

    // MARK: Places

    private enum Credentials {
        case token(String)
        case none
        case otherScheme
    }

    private static func credentials(of request: HTTPRequest) -> Credentials {
        if let value = request.headers["authorization"] {
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .otherScheme }
            return .token(String(parts[1]))
        }
        if let value = request.headers["x-api-key"] { return .token(value) }
        if let value = subprotocol(of: request) { return .token(String(value.dropFirst(subprotocolPrefix.count))) }
        return request.queryValue("token").map { .token($0) } ?? .none
    }

    private static let subprotocolPrefix = "bearer."

    /// The subprotocol that carries a token; it must be agreed to.
    static func subprotocol(of request: HTTPRequest) -> String? {
        request.headers.list("sec-websocket-protocol").first { $0.hasPrefix(subprotocolPrefix) }
    }
}
