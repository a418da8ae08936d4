package import FeedModel

/// Why a FeedClient stops writing to a feed. None of them ends the process: the feed is taken up again when that is safe.
package enum FeedClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process owns the feed or has begun a term: touch nothing, become a standby.
    case ownershipLost(String)
    /// Redis no longer has what the next entry must follow: begin a new term and record a gap of kind `lost`.
    case continuityLost(String)
    /// The file that should hold the provider's token is absent, unreadable or empty.
    case tokenUnreadable(file: String)
    /// The login answered with a status that is no success, or with one and no token.
    case loginRefused(url: String, status: Int, retryAfter: Duration?)
    case loginWithoutToken(url: String, field: String)
    /// The login cannot be reached, or does not speak HTTP.
    case loginFailed(url: String, why: String)
    /// The file that should hold the private key is absent, unreadable, or holds no such key.
    case keyUnusable(file: String, why: String)
    case unknownProvider(String)
    /// The log's last entry is of a newer version.
    case unreadableLog(EntryError)

    package var description: String {
        switch self {
        case .ownershipLost(let why): "another process owns the feed: \(why)"
        case .continuityLost(let why): "the feed's log cannot be continued: \(why)"
        case .tokenUnreadable(let file): "the token file \(file) cannot be read or is empty"
        case .loginRefused(let url, let status, _): "the login at \(url) was refused with status \(status)"
        case .loginWithoutToken(let url, let field):
            "the login at \(url) gave no token: its answer is no JSON object with the text '\(field)'"
        case .loginFailed(let url, let why): "the login at \(url) failed: \(why)"
        case .keyUnusable(let file, let why):
            "the private key file \(file) cannot be used: \(why); it must be an RSA key as PEM without passphrase, "
                + "PKCS#1 or PKCS#8, readable for this user"
        case .unknownProvider(let name): "unknown provider '\(name)': known are \(SessionRegistry.names)"
        case .unreadableLog(let error): "the feed's log cannot be read: \(error)"
        }
    }
}
