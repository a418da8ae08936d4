import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import ObjectStore

/// What is sent again, and what is not, against a server that answers as it is told.
@Suite(.timeLimit(.minutes(1))) struct RequestSenderTests {
    /// Answers requests one after the other; the last answer stays.
    private final class Store: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        let answers: [HTTPResponse]

        init(_ answers: [HTTPResponse]) { self.answers = answers }

        var routes: HTTPRoutes {
            HTTPRoutes(respond: { request in
                let count = self.requests.withLock { requests in
                    requests.append(request)
                    return requests.count
                }
                return self.answers[min(count, self.answers.count) - 1]
            })
        }

        var count: Int { requests.withLock { $0.count } }
    }

    private static func error(_ status: Int, _ code: String) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/xml", text: "<Error><Code>\(code)</Code></Error>")
    }

    private static let page = HTTPResponse(
        status: 200, text: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")

    private func with(
        _ answers: [HTTPResponse], attempts: Int = 4,
        _ body: (Store, ObjectStoreClient, ObjectLocation, InstantClock) async throws -> Void
    ) async throws {
        let store = Store(answers)
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: store.routes)
        let address = try await server.start()
        let configuration = ObjectStoreConfiguration(
            endpoint: "http://\(address)", credentials: ObjectStoreCredentials(accessKey: "a", secretKey: "b"),
            attempts: attempts)
        let clock = InstantClock()
        do {
            let client = try ObjectStoreClient(configuration, clock: clock)
            try await body(store, client, ObjectLocation(bucket: "history", key: "k"), clock)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test(arguments: [(503, "SlowDown"), (500, "InternalError"), (400, "RequestTimeout"), (429, "")])
    func `what passes by itself is tried again`(status: Int, code: String) async throws {
        let refusal = Self.error(status, code)
        try await with([refusal, refusal, Self.page]) { store, client, location, clock in
            let found = try await client.list(location)
            #expect(found.isEmpty)
            #expect(store.count == 3)
            #expect(clock.sleeps.count == 2)
        }
    }

    @Test func `it is not tried for ever, and says what was refused`() async throws {
        try await with([Self.error(503, "SlowDown")]) { store, client, location, clock in
            let error = await #expect(throws: ObjectStoreError.self) { try await client.list(location) }
            #expect(
                error?.description.hasPrefix("s3://history/k cannot be listed: refused with SlowDown (503)") == true)
            #expect(store.count == 4)
            #expect(clock.sleeps.count == 3)
        }
    }

    @Test(arguments: [(403, "SignatureDoesNotMatch"), (404, "NoSuchBucket"), (301, "PermanentRedirect"), (501, "")])
    func `what does not pass is not`(status: Int, code: String) async throws {
        try await with([Self.error(status, code)]) { store, client, location, _ in
            await #expect(throws: ObjectStoreError.self) { try await client.list(location) }
            #expect(store.count == 1)
        }
    }

    @Test func `a store that asks for time gets it`() async throws {
        var busy = Self.error(503, "SlowDown")
        busy.headers.append("retry-after", "7")
        try await with([busy, Self.page]) { _, client, location, clock in
            _ = try await client.list(location)
            #expect(clock.sleeps == [.seconds(7)])
        }
    }

    @Test func `an end that fails behind a good status is a failure`() async throws {
        let failure = HTTPResponse(status: 200, text: "<Error><Code>InternalError</Code></Error>")
        let done = HTTPResponse(status: 200, text: "<CompleteMultipartUploadResult/>")
        try await with([failure, done]) { store, client, location, _ in
            try await client.complete("id", [], at: location)
            #expect(store.count == 2)
        }
        let refused = HTTPResponse(status: 200, text: "<Error><Code>InvalidPart</Code></Error>")
        try await with([refused]) { store, client, location, _ in
            await #expect(throws: ObjectStoreError.self) { try await client.complete("id", [], at: location) }
            #expect(store.count == 1)
        }
    }

    @Test func `a refusal without a body is asked for its reason`() async throws {
        try await with([HTTPResponse(status: 403), Self.error(403, "InvalidAccessKeyId")]) {
            store, client, location, _ in
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await client.head(location) }
            #expect(error?.description.contains("InvalidAccessKeyId") == true)
            #expect(store.requests.withLock { $0.map(\.method) } == ["HEAD", "GET"])
        }
    }

    @Test func `what a store says cannot do anything to a terminal`() async throws {
        let text =
            "<Error><Code>No</Code><Message>a&#27;[2J&#10;b\(String(repeating: "x", count: 999))</Message></Error>"
        try await with([HTTPResponse(status: 400, text: text)]) { _, client, location, _ in
            let error = await #expect(throws: ObjectStoreError.self) { try await client.list(location) }
            let said = error?.description ?? ""
            #expect(said.contains("a[2Jbxxx"))
            #expect(said.unicodeScalars.allSatisfy { $0.value >= 0x20 })
            #expect(said.count < 500)
        }
    }

    @Test func `what is no answer of a store is said`() async throws {
        try await with([HTTPResponse(status: 200, text: "<html>welcome</p>")]) { _, client, location, _ in
            let error = await #expect(throws: ObjectStoreError.self) { try await client.list(location) }
            #expect(error?.description.contains("not what an S3 server says") == true)
        }
    }

    @Test func `nobody there is tried again, and then said`() async throws {
        let configuration = ObjectStoreConfiguration(
            endpoint: "http://127.0.0.1:9", credentials: ObjectStoreCredentials(accessKey: "a", secretKey: "b"),
            attempts: 3)
        let clock = InstantClock()
        let client = try ObjectStoreClient(configuration, clock: clock)
        let error = await #expect(throws: ObjectStoreError.self) {
            try await client.check(ObjectLocation(bucket: "history", key: "k"))
        }
        #expect(error?.description.contains("s3://history/k cannot be listed: cannot connect") == true)
        #expect(clock.sleeps.count == 2)
    }

    @Test func `parts and uploads come in pages`() async throws {
        func page(_ name: String, _ content: String) -> HTTPResponse {
            HTTPResponse(status: 200, text: "<\(name)>\(content)</\(name)>")
        }
        let parts = (1...2).map { "<Part><PartNumber>\($0)</PartNumber><Size>5</Size><ETag>e</ETag></Part>" }
        let more = "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"
        try await with([page("ListPartsResult", parts[0] + more), page("ListPartsResult", parts[1])]) {
            store, client, location, _ in
            let found = try await client.parts(of: "id", at: location)
            #expect(found.map(\.number) == [1, 2])
            #expect(store.requests.withLock { $0.last?.queryValue("part-number-marker") } == "1")
        }
        let uploads = ["a", "b"].map {
            "<Upload><Key>k</Key><UploadId>\($0)</UploadId><Initiated>\($0)</Initiated></Upload>"
        }
        let next = """
            <IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>a</NextUploadIdMarker>
            """
        let pages = [page("R", uploads[0] + next), page("R", uploads[1])]
        try await with(pages) { store, client, location, _ in
            let found = try await client.unfinished(location)
            #expect(found.map(\.id) == ["b", "a"], "the newest first")
            let last = store.requests.withLock { $0.last }
            #expect(last?.queryValue("key-marker") == "k")
            #expect(last?.queryValue("upload-id-marker") == "a")
        }
    }

    @Test(.enabled(if: TestCertificates.isPossible, "needs openssl"))
    func `a store's own authority is trusted when it is named`()
        async throws
    {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let pair = try await certificates.certificate("store", for: "DNS:localhost", by: authority)
            var configuration = HTTPServerConfiguration()
            configuration.tls = ServerTLSConfiguration(
                certificateFile: pair.certificate, privateKeyFile: pair.key)
            let server = HTTPServer(configuration: configuration, routes: Store([Self.page]).routes)
            let port = try await server.start().port
            var store = ObjectStoreConfiguration(
                endpoint: "https://localhost:\(port)",
                credentials: ObjectStoreCredentials(accessKey: "a", secretKey: "b"), attempts: 1)
            let location = ObjectLocation(bucket: "history", key: "k")
            let error = await #expect(throws: ObjectStoreError.self) {
                try await ObjectStoreClient(store).check(location)
            }
            #expect(error?.description.contains("TLS failed") == true, "\(String(describing: error))")
            store.authorityFile = authority.certificate
            try await ObjectStoreClient(store).check(location)
            await server.stop()
        }
    }

    @Test func `pauses grow, and differ`() {
        var random = SystemRandomNumberGenerator()
        let retry = RequestRetry(attempts: 12)
        let pauses = (1..<12).compactMap { retry.pause(after: $0, asked: nil, using: &random) }
        #expect(pauses.count == 11)
        #expect(pauses[0] >= .milliseconds(100) && pauses[0] <= .milliseconds(200))
        #expect(pauses[10] >= .seconds(10) && pauses[10] <= .seconds(20))
        #expect(retry.pause(after: 12, asked: .seconds(1), using: &random) == nil)
        #expect(retry.pause(after: 1, asked: .seconds(86_400), using: &random) == .seconds(60))
    }
}

/// Sleeps for no time, and remembers for how long it should have.
final class InstantClock: Clock {
    typealias Duration = Swift.Duration
    typealias Instant = ContinuousClock.Instant

    private let slept = Mutex<[Duration]>([])
    private let start = ContinuousClock.now

    var now: Instant { slept.withLock { $0.reduce(start) { $0 + $1 } } }
    var minimumResolution: Duration { .zero }
    /// To the millisecond.
    var sleeps: [Duration] { slept.withLock { $0 } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        slept.withLock { slept in
            let now = slept.reduce(start) { $0 + $1 }
            slept.append(now.duration(to: deadline))
        }
    }
}
