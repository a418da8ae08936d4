import Testing

@testable import ObjectStore

@Suite struct UploadPlanTests {
    private func plan(_ pieces: [String]) -> UploadPlan {
        var offset: Int64 = 0
        let parts = pieces.map { piece in
            defer { offset += Int64(piece.utf8.count) }
            return UploadPlan.Part(offset: offset, count: piece.utf8.count, digest: PartDigest(Array(piece.utf8)))
        }
        let all = PartDigest(Array(pieces.joined().utf8))
        return UploadPlan(bytes: offset, sha256: all.sha256.hexadecimal, parts: parts)
    }

    private func stored(_ plan: UploadPlan, checksum: String? = nil, entityTag: String? = nil) -> StoredObject {
        StoredObject(bytes: plan.bytes, entityTag: entityTag, checksum: checksum, sha256: plan.sha256)
    }

    /// The values are `sha256sum`'s and `md5sum`'s.
    @Test func `a file of one part has the digests of its bytes`() {
        let one = plan(["hello"])
        #expect(!one.isMultipart)
        #expect(one.sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        #expect(one.checksum == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
        #expect(one.entityTag == "5d41402abc4b2a76b9719d911017c592")
    }

    @Test func `one of several parts has the digests of its parts' digests`() {
        let two = plan(["hello", " world"])
        #expect(two.isMultipart)
        #expect(two.checksum.hasSuffix("=-2"))
        #expect(two.entityTag.hasSuffix("-2"))
        #expect(two.checksum != plan(["hello ", "world"]).checksum)
        #expect(two.sha256 == plan(["hello world"]).sha256)
    }

    @Test func `what the store says decides, and where it says nothing the bytes have to be read`() {
        for plan in [plan(["hello"]), plan(["hello", " world"])] {
            #expect(plan.compare(with: stored(plan, checksum: plan.checksum)) == .same)
            #expect(plan.compare(with: stored(plan, entityTag: "\"\(plan.entityTag)\"")) == .same)
            #expect(plan.compare(with: stored(plan)) == .unknown)
            #expect(plan.compare(with: stored(plan, entityTag: "\"opaque\"")) == .unknown)
            #expect(plan.compare(with: stored(plan, checksum: "other-7")) == .unknown)
            let form = plan.isMultipart ? "other-2" : "other"
            #expect(plan.compare(with: stored(plan, checksum: form)) != .same)
            #expect(plan.compare(with: stored(plan, checksum: form)) != .unknown)
        }
        let whole = plan(["hello world"])
        #expect(plan(["hello", " world"]).compare(with: stored(whole, checksum: whole.checksum)) == .same)
    }

    @Test func `another length, another checksum and none of ours are another file`() {
        let plan = plan(["hello"])
        for other in [
            StoredObject(bytes: 6, entityTag: plan.entityTag, sha256: plan.sha256),
            StoredObject(bytes: 5, entityTag: plan.entityTag, sha256: "00"),
            StoredObject(bytes: 5, entityTag: plan.entityTag),
        ] {
            guard case .different = plan.compare(with: other) else {
                Issue.record("\(other)")
                continue
            }
        }
    }

    @Test func `a part is ours by its checksum, or else by its entity tag`() {
        let plan = plan(["hello", " world"])
        let digest = PartDigest(Array("hello".utf8))
        func part(_ number: Int, _ bytes: Int64, _ tag: String, _ checksum: String? = nil) -> ListedPart {
            ListedPart(number: number, bytes: bytes, entityTag: tag, checksum: checksum)
        }
        #expect(plan.holds(part(1, 5, "\"5d41402abc4b2a76b9719d911017c592\"")))
        #expect(plan.holds(part(1, 5, "opaque", digest.checksum)))
        #expect(!plan.holds(part(1, 5, "opaque")))
        #expect(!plan.holds(part(1, 5, "5d41402abc4b2a76b9719d911017c592", "other")))
        #expect(!plan.holds(part(2, 5, "5d41402abc4b2a76b9719d911017c592")))
        #expect(!plan.holds(part(0, 5, "x")))
        #expect(!plan.holds(part(3, 5, "x")))
    }

    @Test(arguments: [
        (0, 8 << 20), (8 << 20, 8 << 20), (80_000 << 20, 8 << 20), ((80_000 << 20) + 1, 9 << 20),
        (5 << 40, 525 << 20),
    ])
    func `there are never more than ten thousand parts`(bytes: Int, part: Int) {
        #expect(UploadPlan.partBytes(of: Int64(bytes), configured: 8 << 20) == part)
        #expect(bytes <= part * 10_000)
    }

    @Test func `the request that ends an upload names its parts in order`() {
        let parts = [
            CompletedPart(number: 2, entityTag: "\"b\"", checksum: "d="),
            CompletedPart(number: 1, entityTag: "<&", checksum: "c="),
        ]
        let node = XMLNode(Array(CompletedPart.document(parts).utf8))
        #expect(node?.all("Part").map { $0["PartNumber"] } == ["1", "2"])
        #expect(node?.all("Part").map { $0["ETag"] } == ["<&", "\"b\""])
        #expect(node?.all("Part").map { $0["ChecksumSHA256"] } == ["c=", "d="])
    }
}
