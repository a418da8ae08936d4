import Telemetry
import WebSocketTransport

/// One request to an object store, before it is signed.
struct ObjectRequest: Sendable {
    let method: String
    let location: ObjectLocation
    var query: [(name: String, value: String)] = []
    var headers: [HTTPHeader] = []
    var body: [UInt8] = []
    /// SHA-256 of the body in hexadecimal.
    var payload = Self.emptyPayload
    /// What it is for, with the object, as the beginning of a sentence.
    let what: String
    /// From the connection to the last byte of the answer.
    var timeout = Duration.seconds(30)
    var answerLimit = HTTPExchange.maximumAnswerBytes
    /// The answer begins before the store knows how it ends: the status alone says nothing.
    var answersEarly = false

    /// Of no bytes.
    static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    init(_ method: String, _ location: ObjectLocation, what: String) {
        self.method = method
        self.location = location
        self.what = what
    }
}

/// Where requests go.
struct ObjectStoreEndpoint: Sendable, Equatable {
    private let scheme: String
    private let authority: String
    private let isPathStyle: Bool

    /// - Throws: `.configuration` when the endpoint is no URL of a host.
    init(_ configuration: ObjectStoreConfiguration) throws(ObjectStoreError) {
        let text = configuration.endpoint ?? "https://s3.\(configuration.region).amazonaws.com"
        if let why = HTTPExchange.problem(ofURL: text) {
            throw .configuration("object_store.endpoint cannot be asked: \(why)")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count == 2, !text.contains("?"), !text.contains("#") else {
            throw .configuration("object_store.endpoint must be https://host[:port] with nothing behind it")
        }
        scheme = parts[0].lowercased()
        authority = String(parts[1])
        isPathStyle = configuration.isPathStyle ?? (configuration.endpoint != nil)
    }

    /// Scheme and host with the port; the encoded path.
    func address(of location: ObjectLocation) -> (base: String, path: String) {
        let key = ObjectURLEncoding.encode(location.key, keepsSlash: true)
        // No certificate covers a name with a dot before the store's own.
        if isPathStyle || (location.bucket.contains(".") && scheme == "https:") {
            let bucket = ObjectURLEncoding.encode(location.bucket)
            return ("\(scheme)//\(authority)", key.isEmpty ? "/\(bucket)" : "/\(bucket)/\(key)")
        }
        return ("\(scheme)//\(location.bucket).\(authority)", "/\(key)")
    }
}

extension ObjectRequest {
    /// The request as it is sent: with its time, the payload's digest and the signature.
    func signed(
        for endpoint: ObjectStoreEndpoint, _ configuration: ObjectStoreConfiguration,
        credentials: ObjectStoreCredentials, time: String
    ) -> HTTPExchange {
        let (base, path) = endpoint.address(of: location)
        let query = ObjectURLEncoding.query(query)
        var exchange = HTTPExchange(url: query.isEmpty ? base + path : "\(base)\(path)?\(query)")
        var fields = headers
        fields.append(HTTPHeader(name: "x-amz-content-sha256", value: payload))
        fields.append(HTTPHeader(name: "x-amz-date", value: time))
        if let token = credentials.sessionToken {
            fields.append(HTTPHeader(name: "x-amz-security-token", value: token))
        }
        let signature = RequestSignature(credentials: credentials, region: configuration.region, time: time)
        let host = HTTPHeader(name: "host", value: exchange.hostField ?? "")
        let parts = RequestSignature.Parts(
            method: method, path: path, query: query, headers: fields + [host], payload: payload)
        fields.append(HTTPHeader(name: "authorization", value: signature.authorization(parts)))
        exchange.method = method
        exchange.headers = fields
        exchange.body = body
        exchange.timeout = timeout
        exchange.answerLimit = answerLimit
        exchange.tls.additionalAuthorityFile = configuration.authorityFile
        return exchange
    }

    /// `20130524T000000Z`.
    static func time(_ microseconds: Int64 = SystemTime.now) -> String {
        SystemTime.text(microseconds).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
