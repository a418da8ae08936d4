/// Whether the password in a server's URL is written so that nobody takes a part of it for the host.
///
/// A password from `${VAR}` goes into the URL as it stands: with an `@` or a `/` in it servers would be looked for under
/// names that are parts of it, and errors would tell them.
enum PasswordEncoding {
    /// What is wrong then, behind the setting's name.
    static let demand =
        "has a user or password that is not percent-encoded: write %40 for @, %2F for /, %23 for # and %3F for ?"

    /// Only the last `@` of `scheme://user:password@host` may stand unencoded, and no `/`, `#` or `?` before it.
    static func isMissing(in url: String) -> Bool {
        guard let scheme = url.firstRange(of: "://") else { return false }
        let rest = url[scheme.upperBound...]
        guard let at = rest.lastIndex(of: "@") else { return false }
        let login = rest[..<at]
        guard login.contains(":"), login.contains(where: { "@/?#".contains($0) }) else { return false }
        return !isInQuery(login)
    }

    /// `host:5432/db?application_name=a@b`: behind a whole address, in a query's value.
    private static func isInQuery(_ text: Substring) -> Bool {
        guard let mark = text.firstIndex(of: "?"), text[mark...].contains("=") else { return false }
        let authority = text[..<mark].prefix { $0 != "/" }
        guard !authority.contains("#") else { return false }
        let behindLogin = authority.split(separator: "@", omittingEmptySubsequences: false)
        guard behindLogin.count <= 2, let hosts = behindLogin.last else { return false }
        return hosts.split(separator: ",").allSatisfy { host in
            host.last == "]" || host.split(separator: ":").dropFirst().allSatisfy { UInt16($0) != nil }
        }
    }
}
