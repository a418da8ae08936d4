package import NIOCore
import NIOPosix
import WebSocketTransport

/// Speaks with an S3-compatible object store: one request, one connection. Every method tries again what may pass by
/// itself, and throws `ObjectStoreError`, or `CancellationError` when its task was cancelled.
package struct ObjectStoreClient: Sendable {
    package let configuration: ObjectStoreConfiguration
    private let sender: RequestSender

    /// - Throws: `.configuration`; nothing is connected to yet.
    package init(
        _ configuration: ObjectStoreConfiguration, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(ObjectStoreError) {
        self.configuration = configuration
        sender = try RequestSender(configuration, group: group, clock: clock)
    }

    /// Throws unless the store answers, the bucket is there and we may look into it.
    package func check(_ location: ObjectLocation) async throws {
        _ = try await page(of: location, limit: 1, [])
    }

    // MARK: Objects

    /// What is known of an object; nil if it is not there.
    func head(_ location: ObjectLocation) async throws -> StoredObject? {
        var request = ObjectRequest("HEAD", location, what: "\(location) cannot be looked at")
        request.headers = [HTTPHeader(name: "x-amz-checksum-mode", value: "ENABLED")]
        do {
            let answer = try await sender.send(request)
            guard let object = StoredObject(answer.headers) else {
                throw ObjectStoreError.unreadable(request.what, why: "it does not say how long the object is")
            }
            return object
        } catch ObjectStoreError.refused(let refusal) where refusal.status == 404 {
            return nil
        } catch ObjectStoreError.refused(let refusal) {
            // Such an answer has no body: the same question with one says why.
            _ = try await get(location, range: 0..<1, entityTag: nil, what: request.what)
            throw ObjectStoreError.refused(refusal)
        }
    }

    /// Some bytes of an object, or all of them.
    ///
    /// - Parameter entityTag: which version of the object it must be.
    func get(
        _ location: ObjectLocation, range: Range<Int64>? = nil, entityTag: String? = nil, what: String? = nil
    ) async throws -> [UInt8] {
        var request = ObjectRequest("GET", location, what: what ?? "\(location) cannot be fetched")
        if let range {
            request.headers.append(
                HTTPHeader(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
            request.answerLimit = max(request.answerLimit, range.count)
        }
        if let entityTag { request.headers.append(HTTPHeader(name: "if-match", value: entityTag)) }
        request.timeout = Self.transferTimeout
        return try await sender.send(request).body
    }

    func put(_ body: [UInt8], digest: PartDigest, sha256: String?, at location: ObjectLocation) async throws {
        var request = ObjectRequest("PUT", location, what: "\(location) cannot be stored")
        request.headers = [
            HTTPHeader(name: "content-type", value: "application/octet-stream"),
            HTTPHeader(name: "x-amz-sdk-checksum-algorithm", value: "SHA256"),
            HTTPHeader(name: StoredObject.checksumField, value: digest.checksum),
        ]
        if let sha256 { request.headers.append(HTTPHeader(name: StoredObject.metadataField, value: sha256)) }
        request.body = body
        request.payload = digest.sha256.hexadecimal
        request.timeout = Self.transferTimeout
        _ = try await sender.send(request)
    }

    /// What begins with the key, in the order of keys.
    package func list(_ location: ObjectLocation) async throws -> [ListedObject] {
        try await list(location, pages: 1_000)
    }

    /// - Parameter pages: how many objects a request asks for.
    func list(_ location: ObjectLocation, pages: Int) async throws -> [ListedObject] {
        var objects: [ListedObject] = []
        var next: [(name: String, value: String)]? = []
        while let more = next {
            let page = try await page(of: location, limit: pages, more)
            objects += page.elements
            next = page.next
        }
        return objects
    }

    private func page(
        of location: ObjectLocation, limit: Int, _ more: [(name: String, value: String)]
    ) async throws -> ListPage<ListedObject> {
        let bucket = ObjectLocation(bucket: location.bucket, key: "")
        var request = ObjectRequest("GET", bucket, what: "\(location) cannot be listed")
        request.query = [("list-type", "2"), ("max-keys", "\(limit)"), ("prefix", location.key)] + more
        request.answerLimit = Self.listLimit
        let answer = try await sender.send(request)
        return try Self.read(request.what) { ListPage(answer.body, bucket: location.bucket) }
    }

    // MARK: Parts

    /// Begins a multipart upload; its id.
    func begin(_ location: ObjectLocation, sha256: String) async throws -> String {
        var request = ObjectRequest("POST", location, what: "\(location) cannot be stored")
        request.query = [("uploads", "")]
        request.headers = [
            HTTPHeader(name: "content-type", value: "application/octet-stream"),
            HTTPHeader(name: "x-amz-checksum-algorithm", value: "SHA256"),
            HTTPHeader(name: StoredObject.metadataField, value: sha256),
        ]
        let answer = try await sender.send(request)
        return try Self.read(request.what) { XMLNode(answer.body)?["UploadId"] }
    }

    /// Sends one part; its entity tag.
    func put(
        _ body: [UInt8], digest: PartDigest, part number: Int, of upload: String, at location: ObjectLocation
    ) async throws -> String {
        var request = ObjectRequest("PUT", location, what: "part \(number) of \(location) cannot be stored")
        request.query = [("partNumber", "\(number)"), ("uploadId", upload)]
        request.headers = [
            HTTPHeader(name: "content-type", value: "application/octet-stream"),
            HTTPHeader(name: "x-amz-sdk-checksum-algorithm", value: "SHA256"),
            HTTPHeader(name: StoredObject.checksumField, value: digest.checksum),
        ]
        request.body = body
        request.payload = digest.sha256.hexadecimal
        request.timeout = Self.transferTimeout
        let answer = try await sender.send(request)
        return try Self.read(request.what) { answer.headers["etag"] }
    }

    /// Makes the object out of its parts.
    func complete(_ upload: String, _ parts: [CompletedPart], at location: ObjectLocation) async throws {
        var request = ObjectRequest("POST", location, what: "\(location) cannot be put together")
        request.query = [("uploadId", upload)]
        request.body = Array(CompletedPart.document(parts).utf8)
        request.payload = PartDigest(request.body).sha256.hexadecimal
        request.headers = [HTTPHeader(name: "content-type", value: "application/xml")]
        request.timeout = Self.transferTimeout
        request.answersEarly = true
        do {
            _ = try await sender.send(request)
        } catch ObjectStoreError.refused(let refusal) where refusal.code == "NoSuchUpload" {
            // An earlier attempt whose answer was lost has done it; or nobody has, which the object itself will tell.
        }
    }

    /// Multipart uploads of exactly this key that were never ended, the newest first.
    func unfinished(_ location: ObjectLocation) async throws -> [UnfinishedUpload] {
        let bucket = ObjectLocation(bucket: location.bucket, key: "")
        var uploads: [UnfinishedUpload] = []
        var next: [(name: String, value: String)]? = []
        while let more = next {
            var request = ObjectRequest("GET", bucket, what: "unfinished uploads of \(location) cannot be listed")
            request.query = [("uploads", ""), ("prefix", location.key)] + more
            request.answerLimit = Self.listLimit
            let answer = try await sender.send(request)
            let page = try Self.read(request.what) { ListPage<UnfinishedUpload>(answer.body, key: location.key) }
            uploads += page.elements
            next = page.next
        }
        return uploads.sorted { $0.initiated > $1.initiated }
    }

    /// Which parts the store has of an upload.
    func parts(of upload: String, at location: ObjectLocation) async throws -> [ListedPart] {
        var parts: [ListedPart] = []
        var next: [(name: String, value: String)]? = []
        while let more = next {
            var request = ObjectRequest("GET", location, what: "the parts of \(location) cannot be listed")
            request.query = [("uploadId", upload)] + more
            request.answerLimit = Self.listLimit
            let answer = try await sender.send(request)
            let page = try Self.read(request.what) { ListPage<ListedPart>(answer.body) }
            parts += page.elements
            next = page.next
        }
        return parts
    }

    // MARK: Limits

    /// For what carries a part: slow lines need minutes.
    private static let transferTimeout = Duration.seconds(300)
    /// A thousand keys of a thousand bytes, and what is said of them.
    private static let listLimit = 8 << 20

    private static func read<T>(_ what: String, _ value: () -> T?) throws(ObjectStoreError) -> T {
        guard let value = value() else { throw .unreadable(what, why: "it is not what an S3 server says") }
        return value
    }
}
