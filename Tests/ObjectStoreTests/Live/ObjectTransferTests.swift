import DevServices
import ExportFiles
import Foundation
import TestSupport
import Testing

@testable import ObjectStore

/// Files to a real S3 server and back.
@Suite(.motoServer, .timeLimit(.minutes(2))) struct ObjectTransferTests {
    @Test(arguments: [0, 1, 5 << 20, (5 << 20) + 1, 12 << 20])
    func `a file comes back as it went, whatever its size and name`(bytes: Int) async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: bytes)
            let client = try store.client()
            let target = store.location("recordings/a b+&<é>%20=.gz")
            let pushed = try await ObjectUpload(client).push(path, to: target)
            let parts = max(1, (bytes + (5 << 20) - 1) / (5 << 20))
            #expect(pushed.sent == parts)
            #expect(pushed.found == 0)
            #expect(try pushed.sha256 == FileChecksum.sha256(of: path))
            let fetched = try await ObjectDownload(client).fetch(target, to: "\(store.folder)/b")
            #expect(fetched.bytes == Int64(bytes))
            #expect(fetched.sha256 == pushed.sha256)
            #expect(store.isSame(path, "\(store.folder)/b"))
            let listed = try await client.list(store.location("recordings/"))
            #expect(listed.map(\.location) == [target, target.note])
            #expect(listed.first?.bytes == Int64(bytes))
        }
    }

    /// Somebody else's tools must be able to read and check it.
    @Test func `curl and sha256sum agree`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("odds.csv.gz", bytes: 6 << 20)
            try await ObjectUpload(store.client()).push(path, to: store.location("p/odds.csv.gz"))
            for name in ["odds.csv.gz", "odds.csv.gz.sha256"] {
                _ = try await store.server.curl(
                    ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "a:b", "--create-dirs"]
                        + ["-o", "\(store.folder)/other/\(name)", "\(store.server.endpoint)/history/p/\(name)"])
            }
            let check = try await ChildProcess.run("bash", ["-c", "cd \(store.folder)/other && sha256sum -c *.sha256"])
            #expect(check.output == "odds.csv.gz: OK\n")
        }
    }

    @Test func `what is there already is not sent again, and another file is left alone`() async throws {
        try await StoreFixture.with { store in
            let (path, other) = (try store.file("a", bytes: 6 << 20), try store.file("b", bytes: 6 << 20, seed: 2))
            let upload = ObjectUpload(try store.client())
            let target = store.location("a")
            #expect(try await upload.push(path, to: target).sent == 2)
            #expect(try await upload.push(path, to: target).sent == 0)
            await #expect(throws: ObjectStoreError.occupied(target)) { try await upload.push(other, to: target) }
            try await ObjectDownload(store.client()).fetch(target, to: "\(store.folder)/back")
            #expect(store.isSame(path, "\(store.folder)/back"))
            #expect(try await upload.push(other, to: target, replacing: true).sent == 2)
            try await ObjectDownload(store.client()).fetch(target, to: "\(store.folder)/back")
            #expect(store.isSame(other, "\(store.folder)/back"))
        }
    }

    @Test func `an interrupted upload goes on behind the parts that are there`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 12 << 20)
            let client = try store.client()
            let target = store.location("a")
            try await interrupt(path, target, client, parts: [1, 3])
            let pushed = try await ObjectUpload(client).push(path, to: target)
            #expect(pushed.sent == 1)
            #expect(pushed.found == 2)
            #expect((1...3).map(store.count(ofPart:)) == [1, 1, 1])
            try await ObjectDownload(client).fetch(target, to: "\(store.folder)/b")
            #expect(store.isSame(path, "\(store.folder)/b"))
            #expect(try await client.unfinished(target).isEmpty)
        }
    }

    @Test func `parts of another file are not taken for ours`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 12 << 20)
            let other = try store.file("other", bytes: 12 << 20, seed: 2)
            let client = try store.client()
            let target = store.location("a")
            try await interrupt(other, target, client, parts: [1])
            let pushed = try await ObjectUpload(client).push(path, to: target)
            #expect(pushed.sent == 3)
            #expect(pushed.found == 0)
            try await ObjectDownload(client).fetch(target, to: "\(store.folder)/b")
            #expect(store.isSame(path, "\(store.folder)/b"))
            // Somebody may still be at it.
            #expect(try await client.unfinished(target).count == 1)
        }
    }

    /// Its first parts are the same, and its upload carries the checksum of the shorter file.
    @Test func `a file that has grown since its upload was interrupted is sent whole`() async throws {
        try await StoreFixture.with { store in
            let short = try store.file("short", bytes: 10 << 20)
            let path = try store.file("a", bytes: 12 << 20)
            let client = try store.client()
            let target = store.location("a")
            try await interrupt(short, target, client, parts: [1, 2])
            let pushed = try await ObjectUpload(client).push(path, to: target)
            #expect(pushed.found == 0)
            #expect(try await client.head(target)?.sha256 == pushed.sha256)
            try await ObjectDownload(client).fetch(target, to: "\(store.folder)/b")
            #expect(store.isSame(path, "\(store.folder)/b"))
        }
    }

    /// As an upload whose process was killed leaves it.
    private func interrupt(
        _ path: String, _ target: ObjectLocation, _ client: ObjectStoreClient, parts: [Int]
    ) async throws {
        let file = try SourceFile(path)
        let plan = try await file.plan(partBytes: 5 << 20)
        let upload = try await client.begin(target, sha256: plan.sha256)
        for number in parts {
            let part = plan.parts[number - 1]
            let tag = try await client.put(
                try await file.piece(part), digest: part.digest, part: number, of: upload, at: target)
            #expect(!tag.isEmpty)
        }
    }

    @Test func `a cancelled upload stops, and the next one goes on`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 60 << 20)
            let client = try store.client()
            let target = store.location("a")
            let first = Task { try await ObjectUpload(client).push(path, to: target) }
            while store.count(ofPart: 2) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            #expect(store.count(ofPart: 12) == 0)
            let pushed = try await ObjectUpload(client).push(path, to: target)
            #expect(pushed.found >= 2)
            #expect(pushed.sent + pushed.found == 12)
            #expect(store.count(ofPart: 1) == 1)
            #expect(store.count(ofPart: 2) == 1)
        }
    }

    @Test func `bytes that changed in the store are noticed, and leave no file`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 100_000)
            let client = try store.client()
            let target = store.location("a")
            let pushed = try await ObjectUpload(client).push(path, to: target)
            let damaged = try store.file("damaged", bytes: 100_000, seed: 9)
            // The same length and the same claims about itself, but other bytes.
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: damaged)))
            try await client.put(bytes, digest: PartDigest(bytes), sha256: pushed.sha256, at: target)
            let error = await #expect(throws: ObjectStoreError.self) {
                try await ObjectDownload(client).fetch(target, to: "\(store.folder)/b")
            }
            #expect(error?.description.contains("s3://history/a is not what was sent") == true)
            #expect(error?.description.contains(pushed.sha256) == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder).sorted() == ["a", "damaged"])
            // Nor is it taken for the file when that is to be sent again.
            await #expect(throws: ObjectStoreError.occupied(target)) {
                try await ObjectUpload(client).push(path, to: target)
            }
        }
    }

    @Test func `checksums that disagree, and none at all, are said`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 1_000)
            let client = try store.client()
            let target = store.location("a")
            try await ObjectUpload(client).push(path, to: target)
            let note = Array("\(String(repeating: "0", count: 64))  a\n".utf8)
            try await client.put(note, digest: PartDigest(note), sha256: nil, at: target.note)
            let error = await #expect(throws: ObjectStoreError.self) {
                try await ObjectDownload(client).fetch(target, to: "\(store.folder)/b")
            }
            #expect(error?.description.contains("its metadata has the SHA-256") == true)
            let bare = store.location("bare")
            try await client.put(note, digest: PartDigest(note), sha256: nil, at: bare)
            await #expect(throws: ObjectStoreError.unverifiable(bare)) {
                try await ObjectDownload(client).fetch(bare, to: "\(store.folder)/b")
            }
            let absent = store.location("absent")
            await #expect(throws: ObjectStoreError.missing(absent)) {
                try await ObjectDownload(client).fetch(absent, to: "\(store.folder)/b")
            }
        }
    }

    /// Where a store keeps no checksum and its entity tags are none, only reading shows.
    @Test func `an object is read back where nothing else tells`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 9 << 20)
            let client = try store.client()
            let target = store.location("a")
            let pushed = try await ObjectUpload(client).push(path, to: target)
            let silent = StoredObject(bytes: pushed.bytes, sha256: pushed.sha256)
            #expect(try await ObjectDownload(client).digest(of: target, silent) == pushed.sha256)
        }
    }

    @Test func `a file that is not what it should be is not sent`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 1_000)
            let client = try store.client()
            await #expect(throws: ObjectStoreError.changed(path: path)) {
                try await ObjectUpload(client).push(path, to: store.location("a"), expected: "00")
            }
            #expect(try await client.list(store.location("")).isEmpty)
            await #expect(throws: ObjectStoreError.self) {
                try await ObjectUpload(client).push(store.folder, to: store.location("a"))
            }
        }
    }

    @Test func `a bucket that is not there is named`() async throws {
        try await StoreFixture.with { store in
            let path = try store.file("a", bytes: 1_000)
            let client = try store.client()
            let nowhere = ObjectLocation(bucket: "nowhere", key: "a")
            for attempt: () async throws -> Void in [
                { _ = try await ObjectUpload(client).push(path, to: nowhere) },
                { try await client.check(nowhere) }, { _ = try await client.list(nowhere) },
            ] {
                let error = await #expect(throws: ObjectStoreError.self) { try await attempt() }
                #expect(error?.description.contains("s3://nowhere/a") == true, "\(String(describing: error))")
                #expect(error?.description.contains("NoSuchBucket") == true, "\(String(describing: error))")
            }
        }
    }

    @Test func `more than a page of objects is listed`() async throws {
        try await StoreFixture.with { store in
            let client = try store.client()
            let bytes = Array("x".utf8)
            for number in 1...7 {
                try await client.put(
                    bytes, digest: PartDigest(bytes), sha256: nil, at: store.location("many/\(number)"))
            }
            let keys = try await client.list(store.location("many/"), pages: 3).map(\.location.key)
            #expect(keys == (1...7).map { "many/\($0)" })
        }
    }

    @Test func `credentials that are wrong are refused, and said`() async throws {
        // Three requests make a user, its key and its policy, the fourth the bucket; all that follow are checked.
        try await MotoServer.with(bucket: "history", openRequests: 4) { server in
            let (access, secret) = try await Self.makeUser(server)
            try await server.make("history")
            func client(_ access: String, _ secret: String) throws -> ObjectStoreClient {
                try ObjectStoreClient(
                    ObjectStoreConfiguration(
                        endpoint: server.endpoint,
                        credentials: ObjectStoreCredentials(accessKey: access, secretKey: secret), attempts: 2))
            }
            let path = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("store")).path
            try Data(repeating: 7, count: 9 << 20).write(to: URL(fileURLWithPath: path))
            defer { try? FileManager.default.removeItem(atPath: path) }
            // This server is wrong about the signatures of others: slashes in a query, plus signs in a path.
            let odd = ObjectLocation(bucket: "history", key: "a b~c.gz")
            #expect(try await ObjectUpload(client(access, secret)).push(path, to: odd).sent == 2)
            #expect(try await client(access, secret).list(odd).count == 2)
            for (access, secret, words) in [
                (access, secret + "x", ["SignatureDoesNotMatch", "object_store.secret_key"]),
                ("AKIANOBODY", secret, ["InvalidAccessKeyId", "object_store.access_key"]),
            ] {
                let error = await #expect(throws: ObjectStoreError.self) {
                    try await ObjectUpload(client(access, secret)).push(path, to: odd)
                }
                for word in words + ["\(odd)"] {
                    #expect(error?.description.contains(word) == true, "\(String(describing: error))")
                }
                #expect(error?.description.contains(secret) == false)
            }
        }
    }

    private static func makeUser(_ server: MotoServer) async throws -> (access: String, secret: String) {
        func ask(_ fields: String...) async throws -> XMLNode? {
            let form = (fields + ["Version=2010-05-08"]).flatMap { ["--data-urlencode", $0] }
            let signed = ["--aws-sigv4", "aws:amz:us-east-1:iam", "--user", "a:b"]
            return XMLNode(Array(try await server.curl(signed + form + [server.endpoint]).utf8))
        }
        _ = try await ask("Action=CreateUser", "UserName=u")
        let key = try await ask("Action=CreateAccessKey", "UserName=u")?
            .all("CreateAccessKeyResult").first?.all("AccessKey").first
        _ = try await ask(
            "Action=PutUserPolicy", "UserName=u", "PolicyName=p",
            #"PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#)
        return (try #require(key?["AccessKeyId"]), try #require(key?["SecretAccessKey"]))
    }
}
