import Testing
import WebSocketTransport

@testable import ObjectStore

/// The examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3 documentation.
@Suite struct RequestSignatureTests {
    private static let credentials = ObjectStoreCredentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var path = "/"
        var query: [(name: String, value: String)] = []
        var headers: [HTTPHeader] = []
        var payload = ObjectRequest.emptyPayload
        let signed: String
        let signature: String
        var testDescription: String { name }
    }

    static let examples = [
        Example(
            name: "GET object", path: "/test.txt", headers: [HTTPHeader(name: "Range", value: "bytes=0-9")],
            signed: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            name: "PUT object", method: "PUT", path: "/test$file.text",
            headers: [
                HTTPHeader(name: "Date", value: "Fri, 24 May 2013 00:00:00 GMT"),
                HTTPHeader(name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
            ], payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            name: "GET bucket lifecycle", query: [("lifecycle", "")], signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            name: "GET bucket list", query: [("prefix", "J"), ("max-keys", "2")],
            signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test(arguments: examples) func `the published examples are signed as published`(example: Example) {
        let signature = RequestSignature(
            credentials: Self.credentials, region: "us-east-1", time: "20130524T000000Z")
        let own = [
            HTTPHeader(name: "host", value: "examplebucket.s3.amazonaws.com"),
            HTTPHeader(name: "x-amz-content-sha256", value: example.payload),
            HTTPHeader(name: "x-amz-date", value: "20130524T000000Z"),
        ]
        let parts = RequestSignature.Parts(
            method: example.method, path: ObjectURLEncoding.encode(example.path, keepsSlash: true),
            query: ObjectURLEncoding.query(example.query), headers: example.headers + own, payload: example.payload)
        #expect(
            signature.authorization(parts)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=\(example.signed), Signature=\(example.signature)")
    }

    /// "Deriving the signing key" in the AWS General Reference.
    @Test func `the signing key is the published one`() {
        let credentials = ObjectStoreCredentials(
            accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let signature = RequestSignature(
            credentials: credentials, region: "us-east-1", time: "20150830T000000Z", service: "iam")
        #expect(
            signature.signingKey.hexadecimal == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
    }

    @Test func `a request says what was signed, and the token of temporary credentials`() throws {
        let configuration = ObjectStoreConfiguration(endpoint: "http://127.0.0.1:9000", region: "eu-west-1")
        let credentials = ObjectStoreCredentials(accessKey: "a", secretKey: "b", sessionToken: "t")
        var request = ObjectRequest("GET", ObjectLocation(bucket: "history", key: "a b/ü+&.gz"), what: "x")
        request.query = [("uploadId", "a/b="), ("partNumber", "1")]
        let exchange = request.signed(
            for: try ObjectStoreEndpoint(configuration), configuration, credentials: credentials,
            time: ObjectRequest.time(1_369_353_600_000_000))
        #expect(
            exchange.url
                == "http://127.0.0.1:9000/history/a%20b/%C3%BC%2B%26.gz?partNumber=1&uploadId=a%2Fb%3D")
        #expect(exchange.headers.contains(HTTPHeader(name: "x-amz-date", value: "20130524T000000Z")))
        let authorization = try #require(exchange.headers.first { $0.name == "authorization" }?.value)
        #expect(authorization.contains("Credential=a/20130524/eu-west-1/s3/aws4_request"))
        #expect(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"))
    }

    /// The signature is botocore's for the same request.
    @Test func `odd characters are signed as others sign them`() throws {
        let configuration = ObjectStoreConfiguration(endpoint: "http://127.0.0.1:9000", region: "eu-west-1")
        let credentials = ObjectStoreCredentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            sessionToken: "token/+=")
        let key = "a b+é&=/%20~'().gz"
        var request = ObjectRequest("PUT", ObjectLocation(bucket: "history", key: key), what: "x")
        request.query = [("uploadId", "a/b=+ ~*"), ("partNumber", "1")]
        let digest = PartDigest(Array("hello".utf8))
        request.payload = digest.sha256.hexadecimal
        request.headers = [
            HTTPHeader(name: "content-type", value: "application/octet-stream"),
            HTTPHeader(name: "x-amz-checksum-sha256", value: digest.checksum),
            HTTPHeader(name: "x-amz-meta-odd", value: "  two   spaces "),
        ]
        let exchange = request.signed(
            for: try ObjectStoreEndpoint(configuration), configuration, credentials: credentials,
            time: "20130524T000000Z")
        let authorization = try #require(exchange.headers.first { $0.name == "authorization" }?.value)
        let expected = "Signature=8757ba593c601d3abbebbe402fac8f2b5ffb658e53b0de57b6983868b4cfca5c"
        #expect(authorization.hasSuffix(expected), "\(authorization)")
    }

    @Test func `credentials do not get into texts`() {
        let credentials = ObjectStoreCredentials(accessKey: "known", secretKey: "hush", sessionToken: "hush")
        let configuration = ObjectStoreConfiguration(credentials: credentials)
        for text in [
            "\(credentials)", "\(configuration)", String(reflecting: configuration), String(reflecting: credentials),
        ] {
            #expect(!text.contains("hush"), "\(text)")
        }
    }
}
