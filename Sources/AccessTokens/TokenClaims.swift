/// What a token says about whoever presents it, once its signature has been checked.
package struct TokenClaims: Sendable, Equatable {
    /// Whose connections are counted together; the token's own digest when nobody is named.
    package var subject: String
    /// When it ends, in seconds since 1970.
    package var expiresAt: Double
    /// It is no good before this, in seconds since 1970.
    package var notBefore: Double?
    package var audiences: [String] = []
    /// The only feeds that may be seen; nil is all of them.
    package var feeds: [String]?
    /// The only sports that may be seen; nil is all of them.
    package var sports: [String]?
    /// Prices change no more often than this for the bearer.
    package var minimumConflateMilliseconds: Int?
    /// How many connections may be open at once, if fewer than the server allows.
    package var maximumConnections: Int?
    /// Whether the pipeline's own health may be seen.
    package var mayOperate = false

    package init(subject: String, expiresAt: Double) {
        self.subject = subject
        self.expiresAt = expiresAt
    }
}
