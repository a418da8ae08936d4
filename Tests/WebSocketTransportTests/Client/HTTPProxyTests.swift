import NIOCore
import TestSupport
import Testing

@testable import WebSocketTransport

@Suite(.serialized, .timeLimit(.minutes(1))) struct HTTPProxyTests {
    private static func through(_ proxy: ListeningAddress, credentials: String = "") throws -> HTTPProxy {
        try HTTPProxy(url: "http://\(credentials)\(proxy)")
    }

    @Test func messagesGoThroughTheTunnel() async throws {
        let requests = Recorder<String>()
        try await withServer { address in
            try await withProxy(.tunnel(to: address), requests: requests) { proxy in
                let connection = try await connect(address) {
                    // A name that only the proxy can resolve.
                    $0.url = "ws://feed.invalid/path"
                    $0.proxy = try? Self.through(proxy, credentials: "us%65r:p%40ss:word@")
                }
                try await connection.send(text: "hello")
                #expect(try await connection.texts(1) == ["hello"])
                await connection.close()
            }
        }
        let lines = try #require(await requests.first()).split(separator: "\r\n")
        #expect(
            lines == [
                "CONNECT feed.invalid:80 HTTP/1.1", "Host: feed.invalid:80",
                "Proxy-Authorization: Basic dXNlcjpwQHNzOndvcmQ=",
            ])
    }

    @Test(.enabled(if: TestCertificates.isPossible, "needs openssl")) func tlsGoesThroughTheTunnel() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let pair = try await certificates.certificate("server", for: "DNS:feed.invalid", by: authority)
            let tls = ServerTLSConfiguration(certificateFile: pair.certificate, privateKeyFile: pair.key)
            try await withServer(.scripted(), { $0.tls = tls }) { address in
                try await withProxy(.tunnel(to: address)) { proxy in
                    let connection = try await connect(address) {
                        $0.url = "wss://feed.invalid"
                        $0.proxy = try? Self.through(proxy)
                        $0.tls.additionalAuthorityFile = authority.certificate
                    }
                    try await connection.send(text: "hello")
                    #expect(try await connection.texts(1) == ["hello"])
                    await connection.close()
                }
            }
        }
    }

    @Test(arguments: [403, 407, 502, 503]) func refusalsAreThoseOfTheProxy(status: Int) async throws {
        try await withProxy(.answer("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")) { proxy in
            let expected = WebSocketError.proxyRefused(status: status)
            #expect(expected.isRetriable == (status >= 500))
            #expect(expected.description.contains("\(status)"))
            await #expect(throws: expected) { try await connect(proxy) { $0.proxy = try? Self.through(proxy) } }
        }
    }

    @Test(arguments: ["", "SSH-2.0-nothing to see\r\n\r\n", "HTTP/1.1 200 OK\r\n"])
    func whatIsNoProxyIsNamed(answer: String) async throws {
        try await withProxy(.answer(answer)) { proxy in
            await #expect(throws: WebSocketError.proxyRefused(status: nil)) {
                try await connect(proxy) { $0.proxy = try? Self.through(proxy) }
            }
        }
    }

    @Test func aSilentProxyTimesOut() async throws {
        try await withProxy(.silence) { proxy in
            await #expect(throws: WebSocketError.timedOut) {
                try await connect(proxy) {
                    $0.proxy = try? Self.through(proxy)
                    $0.connectTimeout = .milliseconds(200)
                }
            }
        }
    }

    @Test func theServersRefusalComesThroughTheTunnel() async throws {
        let routes = HTTPRoutes(upgrade: { _ in .reject(HTTPResponse(status: 401, text: "no")) })
        try await withServer(routes) { address in
            try await withProxy(.tunnel(to: address)) { proxy in
                await #expect(throws: WebSocketError.refused(status: 401, retryAfter: nil, body: "no")) {
                    try await connect(address) { $0.proxy = try? Self.through(proxy) }
                }
            }
        }
    }

    @Test func anAddressIsNotVerifiedThroughAProxy() async throws {
        await #expect(throws: WebSocketError.self) {
            try await connect(ListeningAddress(host: "127.0.0.1", port: 1)) {
                $0.url = "wss://127.0.0.1"
                $0.proxy = try? HTTPProxy(url: "http://127.0.0.1:1")
            }
        }
    }

    @Test func urlsAreTakenApart() throws {
        let proxy = try HTTPProxy(url: "http://u:p@proxy.example:3128/")
        #expect(proxy.host == "proxy.example" && proxy.port == 3128)
        #expect(proxy.description == "http://***@proxy.example:3128")
        #expect(try HTTPProxy(url: "HTTP://[::1]").description == "http://[::1]:80")
    }

    @Test(arguments: [
        "proxy:3128", "https://proxy:3128", "socks5://proxy", "http://", "http://proxy:0", "http://proxy:70000",
        "http://proxy/path", "http://user@proxy", "http://:secret@proxy", "http://us%3Aer:x@proxy",
        "http://u:%zz@proxy",
        "http://pro xy",
    ])
    func otherURLsAreRefused(text: String) {
        #expect { try HTTPProxy(url: text) } throws: { error in
            // The URL may hold a password, and is not repeated.
            !"\(error)".contains("secret") && !"\(error)".contains("%zz")
        }
    }
}
