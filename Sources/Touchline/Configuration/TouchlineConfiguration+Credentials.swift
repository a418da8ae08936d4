import FeedClient
import Foundation

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

    /// What contradicts itself, or is missing.
    static func checkCredentials(of configuration: FeedConfiguration, _ feed: ConfigurationReader) {
        let hasToken = configuration.token != nil || configuration.tokenFile != nil
        if configuration.token != nil, let file = configuration.tokenFile {
            feed.reject("token_file", file, "absent when there is a 'token'")
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
            if !hasToken { feed.missing("token", "Betfair's session token, or a 'token_file'") }
        }
    }
}
