import Testing

@testable import WebSocketTransport

@Suite struct ClientUpgradeTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let accepted =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

    private static func upgrade(
        _ change: (inout WebSocketClientConfiguration) -> Void = { _ in }
    ) throws -> ClientUpgrade {
        var configuration = WebSocketClientConfiguration(url: "ws://h:81/feed?a=b")
        configuration.headers = [HTTPHeader(name: "Authorization", value: "Bearer x")]
        change(&configuration)
        return ClientUpgrade(configuration, url: try configuration.validated(), key: key)
    }

    private static func failure(_ text: String, ended: Bool = false) throws -> WebSocketError? {
        var upgrade = try upgrade()
        let outcome = upgrade.responseReceived(Array(text.utf8))
        if case .failed(let error) = ended ? upgrade.ended() : outcome { return error }
        return nil
    }

    @Test func requestIsComplete() throws {
        let lines = try Self.upgrade { $0.subprotocols = ["a", "b"] }.request.split(separator: "\r\n")
        #expect(lines.first == "GET /feed?a=b HTTP/1.1")
        let expected: Set<Substring> = [
            "Host: h:81", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Authorization: Bearer x", "Sec-WebSocket-Protocol: a, b",
        ]
        #expect(expected.isSubset(of: lines))
    }

    @Test func acceptedAtEverySplitWithLeftover() throws {
        let response = Array((Self.accepted + "\r\n").utf8) + [0x81, 0x01, 0x61]
        for split in 0..<(response.count - 3) {
            var upgrade = try Self.upgrade()
            guard case .needsMore = upgrade.responseReceived(response[..<split]) else {
                Issue.record("decided too early at \(split)")
                return
            }
            guard case .accepted(_, let leftover) = upgrade.responseReceived(response[split...]) else {
                Issue.record("not accepted at \(split)")
                return
            }
            #expect(leftover == [0x81, 0x01, 0x61])
        }
    }

    @Test(arguments: [
        "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong=\r\n\r\n",
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
        accepted + "Sec-WebSocket-Protocol: c\r\n\r\n",
        accepted + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    ])
    func wrongAnswersAreRefused(response: String) throws {
        guard case .handshakeInvalid = try Self.failure(response) else {
            Issue.record("accepted: \(response)")
            return
        }
    }

    @Test func refusalCarriesStatusBodyAndDelay() throws {
        let refusal = "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow"
        #expect(try Self.failure(refusal) == .refused(status: 429, retryAfter: .seconds(7), body: "slow"))
        let open = "HTTP/1.0 401 No\r\n\r\nwho are"
        #expect(try Self.failure(open) == nil)
        #expect(try Self.failure(open, ended: true) == .refused(status: 401, retryAfter: nil, body: "who are"))
        #expect(WebSocketError.refused(status: 401, retryAfter: nil, body: "").isRetriable == false)
        #expect(WebSocketError.refused(status: 503, retryAfter: nil, body: "").isRetriable)
    }

    @Test func interimResponsesAreSkipped() throws {
        var upgrade = try Self.upgrade()
        let outcome = upgrade.responseReceived(
            Array(("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + Self.accepted + "\r\n").utf8))
        guard case .accepted = outcome else {
            Issue.record("not accepted")
            return
        }
    }

    @Test func endlessHeadIsRefused() throws {
        #expect(try Self.failure("HTTP/1.1 101 X\r\nX: " + String(repeating: "y", count: 40_000)) != nil)
    }
}

@Suite struct RetryAfterTests {
    @Test func secondsAndDates() {
        #expect(RetryAfter("120")?.delay == .seconds(120))
        let now: Int64 = 784_111_770_000_000
        #expect(RetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", nowMicroseconds: now)?.delay == .seconds(7))
        #expect(RetryAfter("Sun, 06 Nov 1994 08:49:00 GMT", nowMicroseconds: now)?.delay == .zero)
        let wrongHour = "Sun, 06 Nov 1994 99999999999999999:49:37 GMT"
        for wrong in ["", "-1", "soon", wrongHour, "Sun, 99 Nov 1994 08:49:37 GMT"] {
            #expect(RetryAfter(wrong, nowMicroseconds: now) == nil)
        }
    }
}
