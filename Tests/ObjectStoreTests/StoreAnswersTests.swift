import Testing
import WebSocketTransport

@testable import ObjectStore

/// Answers as servers write them.
@Suite struct StoreAnswersTests {
    @Test func `elements, texts and entities`() throws {
        let node = try #require(
            XMLNode(
                Array(
                    """
                    \u{FEFF}<?xml version="1.0"?>\n<!-- a > b --><s3:Root xmlns:s3='http://x/>' a = "b>">
                    <Key>a &amp; &lt;b&gt; &quot;&apos;&#228;&#x1F3C7;</Key><Empty/><With attribute="/>"/>
                    <Text><![CDATA[a <b> &amp;]]> and<!-- no --> more</Text><Key>second</Key></s3:Root> \n
                    """.utf8)))
        #expect(node.name == "Root")
        #expect(node["Key"] == "a & <b> \"'ä\u{1F3C7}")
        #expect(node["Empty"] == "")
        #expect(node["With"] == "")
        #expect(node["Text"] == "a <b> &amp; and more")
        #expect(node.all("Key").map(\.text).last == "second")
        #expect(node["Absent"] == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a>&#x110000;</a>", "<!DOCTYPE a><a/>",
        "<a b=\">", "<a", "<a></a", "<a><![CDATA[</a>", "<a>&amp</a>", String(repeating: "<a>", count: 40),
        "<html><p>not closed</html>",
    ])
    func `what is not well-formed is nothing`(text: String) {
        #expect(XMLNode(Array(text.utf8)) == nil)
    }

    @Test func `a list, page by page`() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>history</Name><Prefix>a/</Prefix>
            <KeyCount>1</KeyCount><IsTruncated>true</IsTruncated><NextContinuationToken>1/x+=</NextContinuationToken>
            <Contents><Key>a/b &amp; c</Key><LastModified>2026-11-22T02:50:15.000Z</LastModified>
            <ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5368709120</Size></Contents>
            </ListBucketResult>
            """
        let page = try #require(ListPage<ListedObject>(Array(text.utf8), bucket: "history"))
        #expect(
            page.elements == [
                ListedObject(
                    location: ObjectLocation(bucket: "history", key: "a/b & c"), bytes: 5_368_709_120,
                    modified: "2026-11-22T02:50:15.000Z")
            ])
        #expect(page.next?.map { "\($0.name)=\($0.value)" } == ["continuation-token=1/x+="])
        let last = text.replacing("<IsTruncated>true", with: "<IsTruncated>false")
        #expect(try #require(ListPage<ListedObject>(Array(last.utf8), bucket: "history")).next == nil)
    }

    @Test func `unfinished uploads, of this very key`() throws {
        let text = """
            <ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a/b</NextKeyMarker>
            <NextUploadIdMarker>two</NextUploadIdMarker>
            <Upload><Key>a/b</Key><UploadId>one</UploadId><Initiated>2026-11-22T02:50:15.000Z</Initiated></Upload>
            <Upload><Key>a/b.sha256</Key><UploadId>two</UploadId><Initiated>x</Initiated></Upload>
            </ListMultipartUploadsResult>
            """
        let page = try #require(ListPage<UnfinishedUpload>(Array(text.utf8), key: "a/b"))
        #expect(page.elements == [UnfinishedUpload(id: "one", initiated: "2026-11-22T02:50:15.000Z")])
        #expect(page.next?.map { "\($0.name)=\($0.value)" } == ["key-marker=a/b", "upload-id-marker=two"])
    }

    @Test func `parts, with or without checksums`() throws {
        let text = """
            <ListPartsResult><IsTruncated>false</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>
            <Part><PartNumber>1</PartNumber><ETag>"a"</ETag><Size>5</Size><ChecksumSHA256>c=</ChecksumSHA256></Part>
            <Part><PartNumber>2</PartNumber><ETag>"b"</ETag><Size>6</Size></Part><Part><ETag>none</ETag></Part>
            </ListPartsResult>
            """
        let page = try #require(ListPage<ListedPart>(Array(text.utf8)))
        #expect(
            page.elements == [
                ListedPart(number: 1, bytes: 5, entityTag: "\"a\"", checksum: "c="),
                ListedPart(number: 2, bytes: 6, entityTag: "\"b\"", checksum: nil),
            ])
        #expect(page.next == nil)
    }

    @Test func `an object by its header fields`() {
        let fields: HTTPFields = [
            "Content-Length": "12", "ETag": "\"e\"", "x-amz-meta-sha256": "ABCD", "x-amz-checksum-sha256": "c-2",
        ]
        #expect(StoredObject(fields) == StoredObject(bytes: 12, entityTag: "\"e\"", checksum: "c-2", sha256: "abcd"))
        #expect(StoredObject(["ETag": "\"e\""]) == nil)
    }

    @Test func `a refusal says what to do`() {
        let said = [
            ("SignatureDoesNotMatch", "object_store.secret_key"), ("InvalidAccessKeyId", "object_store.access_key"),
            ("NoSuchBucket", "make the bucket"), ("RequestTimeTooSkewed", "clocks"), ("AccessDenied", "docs/ops.md"),
            ("AuthorizationHeaderMalformed", "object_store.region to eu-west-1"),
        ]
        for (code, words) in said {
            let refusal = ServerRefusal(
                what: "s3://b/k cannot be stored", status: 403, code: code, message: "No.", region: "eu-west-1")
            #expect(refusal.description.hasPrefix("s3://b/k cannot be stored: refused with \(code) (403), No.: "))
            #expect(refusal.description.contains(words), "\(refusal)")
        }
    }
}
