import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// TLS of client connections, and what went wrong in words.
enum ClientTLS {
    /// Reads the files that the configuration names.
    static func context(_ configuration: ClientTLSConfiguration) throws(WebSocketError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        // Who connects again must not wait for a peer that does not answer the end of TLS.
        tls.shutdownTimeout = .seconds(1)
        if let file = configuration.additionalAuthorityFile {
            try require(file, "authority file")
            tls.additionalTrustRoots = [.file(file)]
        }
        guard (configuration.certificateFile == nil) == (configuration.privateKeyFile == nil) else {
            throw .configuration("a client certificate needs both a certificate file and a private key file")
        }
        do {
            if let certificate = configuration.certificateFile, let key = configuration.privateKeyFile {
                try require(certificate, "certificate file")
                try require(key, "private key file")
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch let error as WebSocketError {
            throw error
        } catch {
            throw .configuration("the TLS files cannot be used: \(error)")
        }
    }

    /// The name to verify; nil for an address, which has no SNI and is looked up in the certificate as an address.
    static func serverName(_ configuration: ClientTLSConfiguration, url: EndpointURL) -> String? {
        let name = configuration.serverName ?? url.host
        return (try? SocketAddress(ipAddress: name, port: 0)) == nil ? name : nil
    }

    /// What failed, in the words of the module's errors.
    static func failure(_ error: any Error) -> WebSocketError {
        switch error {
        case let error as WebSocketError: error
        case let error as NIOConnectionError: .connectFailed(description(error))
        case let error as IOError: .connectFailed(words(error))
        case ChannelError.connectTimeout: .timedOut
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: .tls(TLSFailure.text(error))
        default: .connectFailed("\(error)")
        }
    }

    /// Why an open connection broke.
    static func breakage(_ error: any Error) -> String {
        if let error = error as? IOError, error.errnoCode == ECONNRESET { return "reset by the other end" }
        if case NIOSSLError.uncleanShutdown = error { return "ended without the end of TLS" }
        return failure(error).description
    }

    private static func description(_ error: NIOConnectionError) -> String {
        if let dns = error.dnsAError ?? error.dnsAAAAError, error.connectionErrors.isEmpty {
            return "\(error.host) cannot be resolved: \(dns)"
        }
        let reasons = error.connectionErrors.map { ($0.error as? IOError).map(words) ?? "\($0.error)" }
        return "\(error.host):\(error.port): \(reasons.first ?? "no address")"
    }

    /// The system's own, without the call that failed.
    private static func words(_ error: IOError) -> String {
        String(cString: strerror(error.errnoCode)).lowercased()
    }

    private static func require(_ file: String, _ what: String) throws(WebSocketError) {
        guard access(file, R_OK) == 0 else { throw .configuration("\(what) \(file) cannot be read") }
    }
}

extension ClientTLSConfiguration {
    /// When the first certificate of `certificateFile` runs out, in seconds since 1970; nil without one that can be read.
    package var certificateExpiry: Int64? {
        guard let file = certificateFile else { return nil }
        return (try? NIOSSLCertificate.fromPEMFile(file))?.first.map { Int64($0.notValidAfter) }
    }
}
