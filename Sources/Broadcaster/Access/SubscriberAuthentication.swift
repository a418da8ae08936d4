package import AccessTokens

/// Who may subscribe.
package struct SubscriberAuthentication: Sendable {
    /// What API keys may see, by the SHA-256 of the key (`KeyDigest`).
    package var keys: [String: AccessGrant]
    /// How JSON Web Tokens are checked; nil takes none.
    package var tokens: TokenConfiguration?

    package init(keys: [String: AccessGrant] = [:], tokens: TokenConfiguration? = nil) {
        self.keys = keys
        self.tokens = tokens
    }

    /// Everybody who can reach the port; refused on an address that others can reach.
    package static let none = SubscriberAuthentication()

    package var isRequired: Bool { !keys.isEmpty || tokens != nil }

    /// Adds a key that may see everything, as it is presented.
    package mutating func add(token: String, name: String) {
        var grant = AccessGrant(name: name)
        grant.mayOperate = true
        keys[KeyDigest.of(token)] = grant
    }
}
