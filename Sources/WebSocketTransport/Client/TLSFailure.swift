import NIOSSL

/// What a failed TLS connection means to whoever configured it.
enum TLSFailure {
    /// BoringSSL's names of reasons, and what they mean seen from a client.
    private static let meanings = [
        (
            "CERTIFICATE_VERIFY_FAILED",
            "the server's certificate is not trusted: it has expired, or it comes from an authority that is not known here"
        ),
        ("CERTIFICATE_REQUIRED", "the server wants a client certificate"),
        ("ALERT_UNKNOWN_CA", "the server does not know the authority of the client certificate"),
        ("ALERT_BAD_CERTIFICATE", "the server refuses the client certificate"),
        ("ALERT_CERTIFICATE_EXPIRED", "the client certificate has expired"),
        ("ALERT_CERTIFICATE_REVOKED", "the client certificate has been revoked"),
        ("ALERT_CERTIFICATE_UNKNOWN", "the server refuses the client certificate"),
        ("ALERT_ACCESS_DENIED", "the server denies access to the client certificate"),
        ("UNRECOGNIZED_NAME", "the server does not serve this name"),
        ("WRONG_VERSION_NUMBER", "the server does not answer in TLS: it may want ws:// instead of wss://"),
        ("ALERT_PROTOCOL_VERSION", "the server speaks no version of TLS that is allowed here"),
        ("UNSUPPORTED_PROTOCOL", "the server speaks no version of TLS that is allowed here"),
        ("HANDSHAKE_FAILURE", "the server found nothing that both ends speak"),
    ]

    /// A sentence for what is known, with the library's own words in any case.
    static func text(_ error: any Error) -> String {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "the server's certificate is for another name (\(error))"
        }
        if case NIOSSLError.uncleanShutdown = error { return "the server hung up in the middle" }
        let detail = "\(error)"
        if detail.contains("EOF during handshake") { return "the server hung up during the handshake" }
        guard let meaning = meanings.first(where: { detail.contains($0.0) }) else { return detail }
        return "\(meaning.1) (\(meaning.0))"
    }
}
