import Testing

@testable import RedisStreams

struct RedisEndpointTests {
    @Test(
        "every documented form of a URL is understood",
        arguments: [
            ("redis://127.0.0.1:6379/0", RedisEndpoint(address: .tcp(host: "127.0.0.1", port: 6379))),
            ("redis://cache", RedisEndpoint(address: .tcp(host: "cache", port: 6379))),
            ("redis://", RedisEndpoint(address: .tcp(host: "127.0.0.1", port: 6379))),
            ("redis://cache:7000/3", RedisEndpoint(address: .tcp(host: "cache", port: 7000), database: 3)),
            ("redis://cache/?db=4", RedisEndpoint(address: .tcp(host: "cache", port: 6379), database: 4)),
            ("redis://[::1]:7000", RedisEndpoint(address: .tcp(host: "::1", port: 7000))),
            ("redis://:secret@cache", RedisEndpoint(address: .tcp(host: "cache", port: 6379), password: "secret")),
            (
                "redis://feed:p%40ss%3aword@cache:7000/1",
                RedisEndpoint(
                    address: .tcp(host: "cache", port: 7000), user: "feed", password: "p@ss:word", database: 1)
            ),
            (
                "redis://cache?user=feed&password=a%26b",
                RedisEndpoint(address: .tcp(host: "cache", port: 6379), user: "feed", password: "a&b")
            ),
            ("unix:///run/redis.sock", RedisEndpoint(address: .unixSocket(path: "/run/redis.sock"))),
            (
                "unix:///run/a%20b.sock?db=2&password=x",
                RedisEndpoint(address: .unixSocket(path: "/run/a b.sock"), password: "x", database: 2)
            ),
            (
                "unix://feed:x@/run/redis.sock",
                RedisEndpoint(address: .unixSocket(path: "/run/redis.sock"), user: "feed", password: "x")
            ),
        ])
    func understood(url: String, expected: RedisEndpoint) throws {
        #expect(try RedisEndpoint(url: url) == expected)
    }

    @Test(
        "anything else is refused with a reason",
        arguments: [
            "", "localhost:6379", "http://localhost", "rediss://cache", "redis://cache:0", "redis://cache:port",
            "redis://cache:70000", "redis://cache/one", "redis://cache/-1", "redis://cache?dbb=1", "redis://ca%2",
            "redis://:p%zz@cache", "unix://", "unix:///", "unix://run/redis.sock",
        ])
    func refused(url: String) {
        let error = #expect(throws: RedisError.self) { try RedisEndpoint(url: url) }
        guard case .invalidURL(let reason) = error else {
            Issue.record("\(String(describing: error)) for \(url)")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("no description and no error shows a password")
    func hidesPassword() throws {
        for url in ["redis://u:hush@h:1/2", "redis://:hush@h", "unix:///s?password=hush", "unix://u:hush@/s"] {
            let text = "\(try RedisEndpoint(url: url))"
            #expect(!text.contains("hush"))
            #expect(text.contains("***"))
        }
        #expect("\(try RedisEndpoint(url: "redis://[::1]:7000/2"))" == "redis://[::1]:7000/2")
        #expect("\(try RedisEndpoint(url: "unix:///s?db=3"))" == "unix:///s?db=3")
    }
}
