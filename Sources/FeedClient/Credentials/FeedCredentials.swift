import FeedModel
import NIOCore
import WebSocketTransport

/// What one connect identifies itself with: read, asked for and signed for it, never kept.
struct FeedCredentials: Sendable {
    /// Nil for a provider that wants none.
    var token: String?
    /// Go into the handshake.
    var headers: [HTTPHeader] = []
}

extension FeedConfiguration {
    /// Everything as of now; throws if a file cannot be used, or the login gives no token.
    func credentials(group: any EventLoopGroup) async throws(FeedClientError) -> FeedCredentials {
        var credentials = FeedCredentials(token: try currentToken())
        if let login { credentials.token = try await login.token(for: self, group: group) }
        if let kalshiKey {
            // A URL that is none fails when it is connected to, in better words.
            let path = WebSocketClientConfiguration.path(ofURL: url) ?? "/"
            credentials.headers = try kalshiKey.headers(path: path, now: WallClock.now)
        }
        return credentials
    }
}
