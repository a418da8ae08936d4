import DevServices
import Foundation
import TestSupport

@testable import ObjectStore

/// A bucket of a server of its own, and a folder for files.
struct StoreFixture {
    let server: MotoServer
    let folder: String
    let bucket = "history"

    static func with(_ body: (StoreFixture) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("store"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await MotoServer.with(bucket: "history") { server in
            try await body(StoreFixture(server: server, folder: folder.path))
        }
    }

    /// The smallest parts that a store takes.
    func client(_ change: (inout ObjectStoreConfiguration) -> Void = { _ in }) throws -> ObjectStoreClient {
        var configuration = ObjectStoreConfiguration(
            endpoint: server.endpoint, credentials: ObjectStoreCredentials(accessKey: "a", secretKey: "b"),
            partBytes: 5 << 20, attempts: 2)
        change(&configuration)
        return try ObjectStoreClient(configuration)
    }

    func location(_ key: String) -> ObjectLocation { ObjectLocation(bucket: bucket, key: key) }

    /// A file without order, so that no two parts are alike.
    func file(_ name: String, bytes: Int, seed: UInt64 = 1) throws -> String {
        var state = seed
        var data = Data(capacity: bytes + 8)
        while data.count < bytes {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            withUnsafeBytes(of: state ^ (state >> 29)) { data.append(contentsOf: $0) }
        }
        let path = "\(folder)/\(name)"
        try data.prefix(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    func isSame(_ first: String, _ second: String) -> Bool {
        FileManager.default.contentsEqual(atPath: first, andPath: second)
    }

    /// How often part `number` was sent.
    func count(ofPart number: Int) -> Int {
        server.requests.count { $0.hasPrefix("PUT") && $0.contains("partNumber=\(number)&") }
    }
}
