package import AccessTokens
package import FeedModel

/// What whoever presented some credentials may see, and how much of it.
package struct AccessGrant: Sendable, Equatable {
    /// Whose connections, commands and requests are counted together; nil where nobody has to say who they are.
    package var name: String?
    /// The only feeds to be seen; nil is all of them.
    package var feeds: Set<String>?
    /// The only sports to be seen, in lower case; nil is all of them.
    package var sports: Set<String>?
    package var minimumConflateMilliseconds = 0
    /// How many connections may be open at once, if fewer than the server's limit.
    package var maximumConnections: Int?
    /// Whether the pipeline's own health may be seen.
    package var mayOperate = false
    /// When the credentials end.
    package var expiresAt: Timestamp?
    /// The key that signed the token; nil for an API key, which lasts as long as the configuration that names it.
    package var signer: TokenSigner?
    /// The SHA-256 of the API key; nil for a token.
    package var keyDigest: String?

    package init(name: String?) { self.name = name }

    /// Without credentials, where none are required.
    static let everything: AccessGrant = {
        var grant = AccessGrant(name: nil)
        grant.mayOperate = true
        return grant
    }()

    /// A token's claims, and the key that signed them.
    init(_ claims: TokenClaims, signer: TokenSigner? = nil) {
        self.signer = signer
        // A token must not be able to share, or use up, what an API key of the same name has.
        name = "jwt:" + claims.subject
        feeds = claims.feeds.map { Set($0) }
        sports = claims.sports.map { Set($0.map { $0.lowercased() }) }
        minimumConflateMilliseconds = max(0, claims.minimumConflateMilliseconds ?? 0)
        maximumConnections = claims.maximumConnections
        mayOperate = claims.mayOperate
        expiresAt = Timestamp(microseconds: Int64(min(max(claims.expiresAt, 0), Self.latest) * 1_000_000))
    }

    /// In seconds since 1970: beyond that a time in microseconds would not fit.
    private static let latest = 9e12

    func allows(feed: FeedName) -> Bool { feeds?.contains(feed.text) ?? true }

    /// Whether there is nothing at all that it allows among these feeds.
    func allowsNothing(of known: [FeedName]) -> Bool {
        sports?.isEmpty == true || !known.contains { allows(feed: $0) }
    }

    /// The server's limits as they are for this key.
    func limits(_ limits: BroadcasterLimits) -> BroadcasterLimits {
        var limits = limits
        if let maximumConnections {
            limits.connectionsPerKey = min(limits.connectionsPerKey, max(0, maximumConnections))
        }
        return limits
    }
}
