import Foundation

/// Until when a token holds, as far as the token says so itself.
enum TokenExpiry {
    /// The claim `exp` of a JWT, in seconds since 1970; nil for any other token. Nothing is verified: this is for an alarm, the
    /// provider decides.
    static func claimed(by token: String) -> Int64? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = decoded(parts[1]),
            let claims = try? JSONSerialization.jsonObject(with: payload) as? [String: Any],
            let seconds = (claims["exp"] as? NSNumber)?.doubleValue
        else { return nil }
        return Int64(exactly: seconds.rounded(.down))
    }

    private static func decoded(_ text: Substring) -> Data? {
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        return Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }
}
