import NIOSSL
import Synchronization

/// The context of a server that may get another while it runs; nil is plain TCP.
final class CurrentTLS: Sendable {
    private let current = Mutex<NIOSSLContext?>(nil)

    var context: NIOSSLContext? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

extension ServerTLSConfiguration {
    /// When the certificate that is shown runs out, in seconds since 1970; nil without one that can be read.
    package var certificateExpiry: Int64? {
        (try? NIOSSLCertificate.fromPEMFile(certificateFile))?.first.map { Int64($0.notValidAfter) }
    }
}

/// TLS of a server's connections.
enum ServerTLS {
    /// Reads the files that the configuration names.
    static func context(_ configuration: ServerTLSConfiguration) throws(WebSocketError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(configuration.certificateFile)
            let key = try NIOSSLPrivateKey(file: configuration.privateKeyFile, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            if let file = configuration.clientAuthorityFile {
                tls.trustRoots = .file(file)
                // Clients have no host name to verify.
                tls.certificateVerification = .noHostnameVerification
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw .configuration("the server's TLS files cannot be used: \(error)")
        }
    }
}
