import Testing

@testable import WebSocketTransport

@Suite struct EndpointURLTests {
    @Test func partsAreTakenApart() throws {
        let plain = try EndpointURL("ws://feed.example/path?x=1#fragment", .webSocket)
        #expect(plain.isSecure == false && plain.host == "feed.example" && plain.port == 80)
        #expect(plain.target == "/path?x=1" && plain.hostField == "feed.example")
        let secure = try EndpointURL("WSS://[::1]:8443?q", .webSocket)
        #expect(secure.isSecure && secure.host == "::1" && secure.port == 8443)
        #expect(secure.target == "/?q" && secure.hostField == "[::1]:8443")
        #expect(try EndpointURL("wss://h:443/", .webSocket).hostField == "h")
    }

    @Test(arguments: [
        "", "feed.example", "http://h/", "ws://", "ws:///x", "ws://h:0/", "ws://h:65536/", "ws://h:x/", "ws://u:p@h/",
        "ws://[::1", "ws://[::1]x/", "ws://h/a b", "ws://h/\r\nX: y",
    ])
    func othersAreRefused(text: String) {
        #expect(throws: WebSocketError.self) { try EndpointURL(text, .webSocket) }
    }

    @Test func configurationIsCheckedBeforeASocketOpens() throws {
        var configuration = WebSocketClientConfiguration(url: "ws://h/")
        _ = try configuration.validated()
        configuration.headers = [HTTPHeader(name: "X-Key", value: "a\r\nHost: b")]
        #expect(throws: WebSocketError.self) { try configuration.validated() }
        configuration.headers = [HTTPHeader(name: "X Key", value: "a")]
        #expect(throws: WebSocketError.self) { try configuration.validated() }
        configuration.headers = []
        configuration.pingInterval = .zero
        #expect(throws: WebSocketError.self) { try configuration.validated() }
    }
}
