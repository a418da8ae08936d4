import Testing

@testable import ObjectStore

@Suite struct ObjectLocationTests {
    @Test(arguments: [
        ("s3://history/a/b.gz", "history", "a/b.gz", "b.gz"), ("s3://history", "history", "", ""),
        ("s3://history/", "history", "", ""), ("s3://my.bucket-1/a b/ü+%20?", "my.bucket-1", "a b/ü+%20?", "ü+%20?"),
        ("S3://history/a//b/", "history", "a//b/", ""),
    ])
    func `a URL is a bucket and a key`(text: String, bucket: String, key: String, name: String) throws {
        let location = try ObjectLocation(url: text)
        #expect(location.bucket == bucket)
        #expect(location.key == key)
        #expect(location.name == name)
        #expect(location.description == "s3://\(bucket)/\(key)")
    }

    @Test(arguments: [
        "s3://", "s3://ab/x", "https://history/x", "s3://his tory/x", "s3://history/a/../b", "s3://history/./b",
        "s3://history/a\u{7}", "s3://history/" + String(repeating: "x", count: 1_025),
    ])
    func `what is none is refused`(text: String) {
        #expect(throws: ObjectStoreError.self) { try ObjectLocation(url: text) }
    }

    @Test func `names are put below a prefix`() throws {
        #expect(try ObjectLocation(url: "s3://history").appending("x").key == "x")
        #expect(try ObjectLocation(url: "s3://history/a").appending("x").key == "a/x")
        #expect(try ObjectLocation(url: "s3://history/a/").appending("x").key == "a/x")
        #expect(try ObjectLocation(url: "s3://history/a.gz").note.key == "a.gz.sha256")
        #expect(try ObjectLocation(url: "s3://history/a.gz").note.isNote)
    }

    @Test func `everything but unreserved characters is encoded, once`() {
        #expect(ObjectURLEncoding.encode("aZ09-._~") == "aZ09-._~")
        #expect(
            ObjectURLEncoding.encode("a b+c/d=%&?#:@!'()*,;$é\u{1F3C7}", keepsSlash: true)
                == "a%20b%2Bc/d%3D%25%26%3F%23%3A%40%21%27%28%29%2A%2C%3B%24%C3%A9%F0%9F%8F%87")
        #expect(ObjectURLEncoding.encode("a/b") == "a%2Fb")
        #expect(ObjectURLEncoding.query([("uploads", ""), ("prefix", "a b")]) == "prefix=a%20b&uploads=")
        // Sorted as they are sent, not as they were.
        #expect(ObjectURLEncoding.query([("b", "1"), ("a", "2"), ("a", "1"), ("ä", "")]) == "%C3%A4=&a=1&a=2&b=1")
    }

    @Test func `the bucket stands before the host or in the path`() throws {
        let object = ObjectLocation(bucket: "history", key: "a b")
        func address(_ configuration: ObjectStoreConfiguration, _ object: ObjectLocation) throws -> String {
            let (base, path) = try ObjectStoreEndpoint(configuration).address(of: object)
            return base + path
        }
        var configuration = ObjectStoreConfiguration(region: "eu-west-1")
        #expect(try address(configuration, object) == "https://history.s3.eu-west-1.amazonaws.com/a%20b")
        let dotted = ObjectLocation(bucket: "my.history", key: "")
        #expect(try address(configuration, dotted) == "https://s3.eu-west-1.amazonaws.com/my.history")
        configuration.isPathStyle = true
        #expect(try address(configuration, object) == "https://s3.eu-west-1.amazonaws.com/history/a%20b")
        configuration = ObjectStoreConfiguration(endpoint: "http://127.0.0.1:9000/")
        #expect(try address(configuration, object) == "http://127.0.0.1:9000/history/a%20b")
        configuration.isPathStyle = false
        #expect(try address(configuration, object) == "http://history.127.0.0.1:9000/a%20b")
    }

    @Test(arguments: ["127.0.0.1:9000", "ftp://h", "http://h/path", "http://h?x", "http://u:p@h", "http://h:0"])
    func `an endpoint is a host`(text: String) {
        #expect(ObjectStoreConfiguration(endpoint: text).problem != nil)
    }

    @Test func `credentials come from the environment, whole or not at all`() {
        let both = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"]
        #expect(ObjectStoreCredentials(environment: both) == ObjectStoreCredentials(accessKey: "a", secretKey: "b"))
        let temporary = both.merging(["AWS_SESSION_TOKEN": "t"]) { $1 }
        #expect(ObjectStoreCredentials(environment: temporary)?.sessionToken == "t")
        #expect(ObjectStoreCredentials(environment: ["AWS_ACCESS_KEY_ID": "a"]) == nil)
        #expect(ObjectStoreCredentials(environment: both.merging(["AWS_ACCESS_KEY_ID": ""]) { $1 }) == nil)
        #expect(throws: ObjectStoreError.configuration(ObjectStoreConfiguration.noCredentials)) {
            try ObjectStoreClient(ObjectStoreConfiguration())
        }
    }
}
