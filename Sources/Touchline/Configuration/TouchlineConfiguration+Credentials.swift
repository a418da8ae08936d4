import FeedClient
import Foundation
import WebSocketTransport

/// Who a feed's connections say they are.
extension TouchlineConfiguration {
    /// Kalshi's key; nil without one, or when half of it is missing: that is a problem then.
    static func readKalshiKey(_ feed: ConfigurationReader, provider: String?) -> KalshiKey? {
        let accessKey = feed.secret("access_key")
        let file = feed.readableFile("private_key_file")
        guard accessKey != nil || file != nil else { return nil }
        if provider != "kalshi" {
            feed.problem(
                accessKey == nil ? "private_key_file" : "access_key", "is for the provider kalshi: leave it out")
        }
        guard let accessKey else {
            feed.missing("access_key", "the id of the key in 'private_key_file'")
            return nil
        }
        guard let file else {
            feed.missing("private_key_file", "the PEM file with the RSA key of 'access_key'")
            return nil
        }
        // An absent file is named already.
        if FileManager.default.isReadableFile(atPath: file), let why = KalshiKey.problem(ofFile: file) {
            feed.problem("private_key_file", "does not work: \(why)")
        }
        return KalshiKey(accessKey: accessKey, privateKeyFile: file)
    }

    /// Where a token is asked for; nil without one, or when something is missing: that is a problem then.
    static func readLogin(_ feed: ConfigurationReader) -> FeedLogin? {
        let section = feed.section("login")
        let url = section.string("url")
        let field = section.string("token_field")
        let body = section.secret("body")
        let headers = readHeaders(section)
        section.rejectUnknownKeys()
        guard url != nil || field != nil || feed.has("login") else { return nil }
        if let url, let why = HTTPExchange.problem(ofURL: url) {
            section.reject("url", url, "http://host[:port]/path or https://…: \(why)")
        }
        guard let url else {
            section.missing("url", "where the token is asked for, http:// or https://")
            return nil
        }
        guard let field, !field.isEmpty else {
            section.missing("token_field", "where the token is in the JSON answer, such as sessionToken or data.token")
            return nil
        }
        return FeedLogin(url: url, body: body, headers: headers, tokenField: field)
    }

    /// What contradicts itself, or is missing.
    static func checkCredentials(of configuration: FeedConfiguration, _ feed: ConfigurationReader) {
        let hasGivenToken = configuration.token != nil || configuration.tokenFile != nil
        let hasToken = hasGivenToken || configuration.login != nil
        if configuration.token != nil, let file = configuration.tokenFile {
            feed.reject("token_file", file, "absent when there is a 'token'")
        }
        if configuration.login != nil, hasGivenToken {
            feed.problem("login", "is where the token comes from: leave out 'token' and 'token_file', or 'login'")
        }
        let namesAuthorization = configuration.connection.headers.contains { $0.name.lowercased() == "authorization" }
        if configuration.provider == "sportsbook", hasToken, namesAuthorization {
            feed.problem("headers", "'authorization' is what 'token' is sent as: leave one of them out")
        }
        let signed = configuration.connection.headers.first { $0.name.lowercased().hasPrefix("kalshi-access-") }
        if configuration.kalshiKey != nil, let signed {
            feed.problem("headers", "'\(signed.name)' is what 'access_key' is sent as: leave one of them out")
        }
        if configuration.provider == "betfair" {
            if configuration.applicationKey == nil { feed.missing("app_key", "Betfair's application key") }
            if !hasToken { feed.missing("token", "Betfair's session token, or a 'token_file' or 'login'") }
        }
    }
}
