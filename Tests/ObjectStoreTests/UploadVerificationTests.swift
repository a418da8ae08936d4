import Foundation
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import ObjectStore

/// A file counts as stored when the store has shown that it holds its bytes, and not before: stores that lie or lose.
@Suite(.timeLimit(.minutes(1))) struct UploadVerificationTests {
    /// What the store says of the object after it took it, and what it gives when it is read.
    struct Store: Sendable, CustomTestStringConvertible {
        let name: String
        var headers: HTTPFields = ["x-amz-meta-sha256": Self.hexadecimal]
        var bytes = "hello"
        var status = 200
        let isGood: Bool
        var testDescription: String { name }

        static let hexadecimal = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        static let checksum = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
        static let entityTag = "\"5d41402abc4b2a76b9719d911017c592\""
    }

    private static func said(_ name: String, _ value: String) -> HTTPFields {
        ["x-amz-meta-sha256": Store.hexadecimal, name: value]
    }

    static let stores = [
        Store(name: "its checksum is right", headers: said("x-amz-checksum-sha256", Store.checksum), isGood: true),
        Store(name: "its checksum is another", headers: said("x-amz-checksum-sha256", "other="), isGood: false),
        Store(name: "its entity tag is right", headers: said("etag", Store.entityTag), bytes: "hellO", isGood: true),
        Store(name: "nothing but the bytes, which are right", isGood: true),
        Store(name: "nothing but the bytes, which are others", bytes: "hellO", isGood: false),
        Store(name: "an opaque entity tag, other bytes", headers: said("etag", "x"), bytes: "hellO", isGood: false),
        Store(name: "another length", headers: said("etag", Store.entityTag), bytes: "hell", isGood: false),
        Store(name: "no metadata", headers: ["etag": Store.entityTag], isGood: false),
        Store(name: "it is gone", status: 404, isGood: false),
    ]

    @Test(arguments: stores) func `what a store holds decides`(store: Store) async throws {
        let requests = Mutex<[String]>([])
        let routes = HTTPRoutes(respond: { request in
            let isFirst = requests.withLock { requests in
                requests.append(request.method)
                return requests.count == 1
            }
            if isFirst { return HTTPResponse(status: 404) }
            guard request.method != "PUT" else { return HTTPResponse(status: 200) }
            return HTTPResponse(status: store.status, headers: store.headers, text: store.bytes)
        })
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: routes)
        let address = try await server.start()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("verify")).path
        try "hello".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let client = try ObjectStoreClient(
            ObjectStoreConfiguration(
                endpoint: "http://\(address)", credentials: ObjectStoreCredentials(accessKey: "a", secretKey: "b"),
                attempts: 1))
        let location = ObjectLocation(bucket: "history", key: "k")
        do {
            let pushed = try await ObjectUpload(client).push(path, to: location)
            #expect(store.isGood)
            #expect(pushed.sent == 1)
            // The checksum comes beside it when it is verified.
            #expect(requests.withLock { $0.last } == "PUT")
        } catch ObjectStoreError.damaged(let object, _) {
            #expect(!store.isGood)
            #expect(object == location)
            #expect(requests.withLock { $0.count { $0 == "PUT" } } == 1)
        }
        await server.stop()
    }
}
