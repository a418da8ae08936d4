import FeedModel
import Foundation
import NIOCore
import Telemetry
package import WebSocketTransport

/// How a feed's token is had: a request over HTTP at every connect, whose answer is JSON.
package struct FeedLogin: Sendable, Hashable {
    /// `http://` or `https://`.
    package var url: String
    /// What is posted; may hold secrets.
    package var body: String?
    /// The values may be secrets.
    package var headers: [HTTPHeader]
    /// Where the token is in the answer, such as `sessionToken` or `data.token`.
    package var tokenField: String

    package init(
        url: String, body: String? = nil, headers: [HTTPHeader] = [], tokenField: String
    ) {
        self.url = url
        self.body = body
        self.headers = headers
        self.tokenField = tokenField
    }

    /// Asks for a token: with the TLS and proxy of `feed`, within its connect timeout.
    func token(for feed: FeedConfiguration, group: any EventLoopGroup) async throws(FeedClientError) -> String {
        var exchange = HTTPExchange(url: url)
        exchange.headers = headers + defaultHeaders
        exchange.body = Array((body ?? "").utf8)
        exchange.timeout = feed.connection.connectTimeout
        exchange.tls = feed.connection.tls
        // The name in the feed's certificate is not that of another host.
        if exchange.host != WebSocketClientConfiguration.host(ofURL: feed.url) { exchange.tls.serverName = nil }
        exchange.proxy = feed.connection.proxy
        let answer: HTTPExchange.Answer
        do {
            answer = try await exchange.perform(group: group)
        } catch {
            let why = error == .timedOut ? "no answer within the connect timeout" : "\(error)"
            throw .loginFailed(url: SecretMask.masked(url), why: why)
        }
        guard (200..<300).contains(answer.status) else {
            // Without its body: servers like to repeat what they were sent, and that was a password.
            throw .loginRefused(url: SecretMask.masked(url), status: answer.status, retryAfter: answer.retryAfter)
        }
        guard let token = Self.text(at: tokenField, of: answer.body) else {
            throw .loginWithoutToken(url: SecretMask.masked(url), field: tokenField)
        }
        return token
    }

    private var defaultHeaders: [HTTPHeader] {
        var defaults: [HTTPHeader] = [HTTPHeader(name: "Accept", value: "application/json")]
        if let first = body?.first {
            let type = "{[".contains(first) ? "application/json" : "application/x-www-form-urlencoded"
            defaults.append(HTTPHeader(name: "Content-Type", value: type))
        }
        return defaults.filter { known in !headers.contains { $0.name.lowercased() == known.name.lowercased() } }
    }

    /// The text or number at a dotted path of a JSON object; nil when there is none, or it is empty.
    static func text(at path: String, of body: [UInt8]) -> String? {
        var value = try? JSONSerialization.jsonObject(with: Data(body))
        for key in path.split(separator: ".") { value = (value as? [String: Any])?[String(key)] }
        switch value {
        case let text as String: return text.isEmpty ? nil : text
        case let number as Int64: return "\(number)"
        default: return nil
        }
    }
}
