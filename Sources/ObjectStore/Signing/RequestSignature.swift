import Crypto
import WebSocketTransport

/// Signs requests: AWS Signature Version 4 in the `Authorization` field, with the payload's digest. Pure.
struct RequestSignature: Sendable {
    let credentials: ObjectStoreCredentials
    let region: String
    /// `20130524T000000Z`.
    let time: String
    var service = "s3"

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// What of a request is signed.
    struct Parts: Sendable {
        let method: String
        /// Encoded, as it goes into the request line.
        let path: String
        /// Encoded and sorted.
        let query: String
        /// All that are signed, `Host` among them.
        let headers: [HTTPHeader]
        /// SHA-256 of the body in hexadecimal.
        let payload: String
    }

    /// The value of `Authorization`.
    func authorization(_ parts: Parts) -> String {
        let fields = Self.fields(parts.headers)
        let digest = SHA256.hash(data: Array(Self.canonical(parts, fields).utf8)).hexadecimal
        let text = [Self.algorithm, time, scope, digest].joined(separator: "\n")
        let signature = Self.code(text, by: signingKey).hexadecimal
        let names = fields.map(\.name).joined(separator: ";")
        return "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
    }

    private var date: Substring { time.prefix(8) }
    private var scope: String { "\(date)/\(region)/\(service)/aws4_request" }

    /// Good for a day, a region and a service.
    var signingKey: [UInt8] {
        [String(date), region, service, "aws4_request"].reduce(Array("AWS4\(credentials.secretKey)".utf8)) {
            key, word in
            Self.code(word, by: key)
        }
    }

    private static func code(_ text: String, by key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    private static func canonical(_ parts: Parts, _ fields: [(name: String, value: String)]) -> String {
        let lines = fields.map { "\($0.name):\($0.value)\n" }.joined()
        let names = fields.map(\.name).joined(separator: ";")
        return [parts.method, parts.path, parts.query, lines, names, parts.payload].joined(separator: "\n")
    }

    /// Lower-case names in order, values without superfluous spaces.
    private static func fields(_ headers: [HTTPHeader]) -> [(name: String, value: String)] {
        headers.map { header in
            (header.name.lowercased(), header.value.split(separator: " ").joined(separator: " "))
        }.sorted { $0.name < $1.name }
    }
}
