import CryptoExtras
import FeedModel
import Foundation
import WebSocketTransport

/// The API key of a Kalshi account, with which every handshake is signed.
package struct KalshiKey: Sendable, Hashable {
    /// The key's id; a secret, because with it requests are counted as ours.
    package let accessKey: String
    /// PEM file with the RSA key, PKCS#1 or PKCS#8; read at every connect, so that a new key needs no restart.
    package let privateKeyFile: String

    package init(accessKey: String, privateKeyFile: String) {
        self.accessKey = accessKey
        self.privateKeyFile = privateKeyFile
    }

    /// The headers of one handshake: Kalshi accepts them for a short time only.
    ///
    /// - Parameter path: of the URL, without its query.
    func headers(path: String, now: Timestamp) throws(FeedClientError) -> [HTTPHeader] {
        let milliseconds = "\(now.microseconds / 1_000)"
        let signed = Data((milliseconds + "GET" + path).utf8)
        let key = try Self.key(in: privateKeyFile)
        // The salt is as long as the digest, SHA-256.
        guard let signature = try? key.signature(for: signed, padding: .PSS) else {
            throw .keyUnusable(file: privateKeyFile, why: "it cannot sign")
        }
        return [
            HTTPHeader(name: "KALSHI-ACCESS-KEY", value: accessKey),
            HTTPHeader(name: "KALSHI-ACCESS-TIMESTAMP", value: milliseconds),
            HTTPHeader(name: "KALSHI-ACCESS-SIGNATURE", value: signature.rawRepresentation.base64EncodedString()),
        ]
    }

    /// Why a file cannot be signed with, and what to do; nil if it can.
    package static func problem(ofFile file: String) -> String? {
        do {
            _ = try key(in: file)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func key(in file: String) throws(FeedClientError) -> _RSA.Signing.PrivateKey {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw .keyUnusable(file: file, why: "it cannot be read")
        }
        guard let key = try? _RSA.Signing.PrivateKey(pemRepresentation: text) else {
            let why = text.contains("ENCRYPTED") ? "it is encrypted" : "it is no RSA key of 2048 bits or more"
            throw .keyUnusable(file: file, why: why)
        }
        return key
    }
}
