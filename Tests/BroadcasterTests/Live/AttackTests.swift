import AccessTokens
import Foundation
import Testing
import WebSocketTransport

@testable import Broadcaster

/// What somebody tries who means harm, and the documented answer to each (docs/subscribers.md).
@Suite(.serialized, .timeLimit(.minutes(2)))
struct AttackTests {
    private static let secret = "a secret of thirty-two bytes or more"

    private static func token(
        secret: String = secret, _ change: (inout TokenClaims) -> Void = { _ in }
    ) async throws -> String {
        let now = Date().timeIntervalSince1970
        var claims = TokenClaims(subject: "partner-a", expiresAt: now + 600)
        claims.audiences = ["odds"]
        change(&claims)
        return try await SigningKey(secret: secret).sign(claims, issuedAt: now)
    }

    private static func encoded(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
    }

    private func withAuthentication(
        _ change: @escaping (inout BroadcasterConfiguration) -> Void = { _ in },
        _ body: @escaping (LiveBroadcaster) async throws -> Void
    ) async throws {
        try await LiveBroadcaster.with(
            {
                $0.authentication = SubscriberAuthentication(
                    tokens: TokenConfiguration(secret: Self.secret, audience: "odds"))
                change(&$0)
            }, body: body)
    }

    // MARK: Credentials

    @Test func tokensThatAreNotGood() async throws {
        let good = try await Self.token()
        let parts = good.split(separator: ".").map(String.init)
        let unsigned = Self.encoded(#"{"alg":"none","typ":"JWT"}"#) + ".\(parts[1])."
        let bad = [
            unsigned, unsigned + parts[2],
            try await Self.token(secret: "another secret of thirty-two bytes"),
            try await Self.token { $0.expiresAt = Date().timeIntervalSince1970 - 1 },
            try await Self.token { $0.audiences = ["bets"] },
            try await Self.token { $0.notBefore = Date().timeIntervalSince1970 + 600 },
            parts[0] + "." + Self.encoded(#"{"sub":"root","aud":"odds","exp":99999999999,"ops":true}"#) + "."
                + parts[2],
            "\(good)x", String(good.dropLast(4)), parts[0] + "." + parts[1], "", ".", "..", Self.secret,
        ]
        try await withAuthentication { live in
            #expect(try await live.get("/v1/odds?token=\(good)").status == 200)
            for token in bad {
                let answer = try await live.get("/v1/odds", [.init("X-API-Key", token)])
                #expect(answer.status == 401 && answer.errorCode == "unauthorized", "\(token)")
                #expect(answer.headers["www-authenticate"] == "Bearer")
                await #expect(throws: WebSocketError.self, "\(token)") {
                    try await live.connect("/v1/ws?token=\(token)")
                }
                let late = try await live.connect()
                try await late.send(text: #"{"t":"auth","token":"\#(token)"}"#)
                #expect(try await late.ended() == 4001, "\(token)")
            }
        }
    }

    @Test func aTokenInTheWrongPlace() async throws {
        let token = try await Self.token()
        try await withAuthentication { live in
            let places: [(String, [HTTPHeader])] = [
                ("/v1/odds", []), ("/v1/odds", [.init("Authorization", token)]),
                ("/v1/odds", [.init("Authorization", "Basic \(token)")]),
                ("/v1/odds", [.init("Cookie", "token=\(token)")]), ("/v1/odds?access_token=\(token)", []),
                ("/v1/odds?TOKEN=\(token)", []), ("/v1/odds", [.init("X-Token", token)]),
            ]
            for (target, headers) in places {
                #expect(try await live.get(target, headers).status == 401, "\(target) \(headers.map(\.name))")
            }
            let unasked = try await live.connect { $0.subprotocols = [token] }
            #expect(unasked.subprotocol == nil)
            try await unasked.send(text: #"{"t":"sub","id":1,"token":"\#(token)"}"#)
            #expect(try await unasked.ended() == 4001)
        }
    }

    // MARK: Too much

    @Test func aMessageThatAnnouncesAHundredMegabytes() async throws {
        try await LiveBroadcaster.with { live in
            let length: [UInt8] = [0, 0, 0, 0, 0x05, 0xF5, 0xE1, 0x00]
            let answer = try await live.exchange(
                [Self.upgrade, [0x81, 0xFF] + length + [1, 2, 3, 4, 0]], until: Self.isClosed)
            #expect(Self.closeCode(answer) == 1009)
        }
    }

    @Test func tenThousandSubscriptions() async throws {
        try await LiveBroadcaster.with { live in
            let connection = try await live.connect()
            Task { for id in 0..<10_000 { try await connection.send(text: #"{"t":"sub","id":\#(id)}"#) } }
            #expect(try await connection.ended() == 4030)
        }
        try await LiveBroadcaster.with({
            $0.limits.commandsPerSecond = 1_000_000
            $0.limits.commandBurst = 1_000_000
            $0.limits.commandsPerSecondOfKey = 1_000_000
        }) { live in
            let connection = try await live.connect()
            Task { for id in 0..<10_000 { try await connection.send(text: #"{"t":"sub","id":\#(id)}"#) } }
            let refusal = try #require(try await connection.message("err"))
            #expect(refusal["code"] as? String == "limit_subscriptions")
            #expect(refusal["limit"] as? Int == 64 && refusal["id"] as? Int == 64)
            await connection.close()
        }
    }

    @Test func aRequestThatNeverEnds() async throws {
        try await LiveBroadcaster.with({ $0.limits.authentication = .seconds(1) }) { live in
            let dribble = Array(repeating: Array("X-Slow: 1\r\n".utf8), count: 10_000)
            let head = Array("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n".utf8)
            let answer = try await live.exchange([head] + dribble, pause: .milliseconds(100))
            #expect(answer.isEmpty, "it is closed without a word")
            let silent = try await live.exchange([Self.upgrade], until: Self.isClosed)
            #expect(Self.closeCode(silent) == 4013)
        }
    }

    @Test func aHeadWithoutEnd() async throws {
        try await LiveBroadcaster.with { live in
            let fields = Array(
                repeating: Array("X-Field: \(String(repeating: "a", count: 1_000))\r\n".utf8), count: 200)
            let answer = try await live.exchange([Array("GET / HTTP/1.1\r\n".utf8)] + fields)
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 431"))
        }
    }

    // MARK: Not what was agreed

    @Test func garbageAfterTheUpgrade() async throws {
        let masked: [UInt8] = [0x80 | 2, 1, 2, 3, 4, 0, 0]
        let garbage: [(String, [UInt8], CloseCode)] = [
            ("text of another protocol", Array("GET / HTTP/1.1\r\n\r\n".utf8), 1002),
            ("reserved bits", [0xFF] + masked, 1002), ("an unknown opcode", [0x83] + masked, 1002),
            ("without a mask", [0x81, 2] + Array("{}".utf8), 1002),
            ("a continuation of nothing", [0x80] + masked, 1002),
            ("a long ping", [0x89, 0xFE, 1, 0, 1, 2, 3, 4], 1002),
            ("no UTF-8", [0x81, 0x80 | 2, 0, 0, 0, 0, 0xC3, 0x28], 1007),
            ("no JSON", [0x81, 0x80 | 2, 0, 0, 0, 0] + Array("{{".utf8), 4040),
            ("deep JSON", Self.text(String(repeating: "[", count: 10_000)), 4040),
            ("an unknown command", Self.text(#"{"t":"drop"}"#), 4040),
            ("binary", [0x82] + masked, 4040),
        ]
        try await LiveBroadcaster.with { live in
            for (name, bytes, code) in garbage {
                let answer = try await live.exchange([Self.upgrade, bytes], until: Self.isClosed)
                #expect(Self.closeCode(answer) == code, "\(name)")
            }
            #expect(try await live.get("/v1/feeds").status == 200)
        }
    }

    @Test func pathsThatLeaveTheirPlace() async throws {
        try await LiveBroadcaster.with { live in
            for path in [
                "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
                "/board.css/../../etc/passwd",
                "//etc/passwd", "/schemas/../../../etc/passwd", "/schemas/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
                "/board.css%00.html", "/%ff", "/v1/odds/../../etc/passwd", "/./", "/schemas/", "/schemas/passwd",
                "http://127.0.0.1/etc/passwd", "*",
            ] {
                let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                let answer = String(decoding: try await live.exchange([Array(request.utf8)]), as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 404") || answer.hasPrefix("HTTP/1.1 400"), "\(path): \(answer)")
                #expect(!answer.contains("root:"))
            }
        }
    }

    @Test func aPageOfAnotherOrigin() async throws {
        try await LiveBroadcaster.with({ $0.allowedOrigins = ["https://odds.example"] }) { live in
            func connect(from origin: String) async throws -> WebSocketConnection {
                try await live.connect { $0.headers = [.init("Origin", origin)] }
            }
            for origin in ["https://evil.example", "null", "https://odds.example.evil", "http://odds.example"] {
                await #expect(throws: WebSocketError.self, "\(origin)") { try await connect(from: origin) }
            }
            for origin in ["https://odds.example", "http://\(live.address)"] {
                await (try await connect(from: origin)).close()
            }
        }
    }

    /// What a page may connect to it may read: a browser asks for leave first, and gives no other page the answer.
    @Test func whatPagesOfOtherOriginsMayRead() async throws {
        try await LiveBroadcaster.with({ $0.allowedOrigins = ["https://odds.example"] }) { live in
            func ask(_ origin: String?, preflight: Bool, _ target: String = "/v1/odds") async throws
                -> HTTPExchange.Answer
            {
                var headers = origin.map { [HTTPHeader("Origin", $0)] } ?? []
                if preflight { headers.append(.init("Access-Control-Request-Method", "GET")) }
                return try await live.get(target, headers) { if preflight { $0.method = "OPTIONS" } }
            }
            for target in ["/v1/odds", "/v1/feeds", "/v1/nothing"] {
                let answer = try await ask("https://odds.example", preflight: false, target)
                #expect(answer.headers["access-control-allow-origin"] == "https://odds.example", "\(target)")
                #expect(answer.headers["vary"] == "origin")
            }
            let leave = try await ask("https://odds.example", preflight: true)
            #expect(leave.status == 204)
            #expect(leave.headers["access-control-allow-origin"] == "https://odds.example")
            #expect(leave.headers.list("access-control-allow-headers").contains("authorization"))
            for origin in ["https://evil.example", "null", nil] {
                let answer = try await ask(origin, preflight: false)
                #expect(answer.status == 200 && answer.headers["access-control-allow-origin"] == nil)
                let refused = try await ask(origin, preflight: true)
                #expect(refused.headers["access-control-allow-origin"] == nil)
                #expect(refused.status == (origin == nil ? 204 : 403))
            }
        }
        try await LiveBroadcaster.with { live in
            let answer = try await live.get("/v1/odds", [.init("Origin", "https://odds.example")])
            #expect(answer.headers["access-control-allow-origin"] == nil && answer.headers["vary"] == nil)
        }
    }

    /// A name of the attacker's own that leads to this machine makes their page one of "this" server.
    @Test func aNameThatIsNotOurs() async throws {
        func status(_ live: LiveBroadcaster, _ host: String, upgrade: Bool) async throws -> String {
            let head =
                upgrade
                ? String(decoding: Self.upgrade, as: UTF8.self) : "GET /v1/odds HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let request = head.replacing("Host: localhost", with: "Host: \(host)\r\nOrigin: http://\(host)")
            let answer = try await live.exchange([Array(request.utf8)], until: { $0.count > 12 })
            return String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self)
        }
        try await LiveBroadcaster.with({ $0.allowedOrigins = ["https://odds.example"] }) { live in
            let foreign = ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"]
            let ours = ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:8080", "odds.example"]
            for host in foreign + ours {
                let statuses = [
                    try await status(live, host, upgrade: true), try await status(live, host, upgrade: false),
                ]
                #expect(statuses == (ours.contains(host) ? ["101", "200"] : ["403", "403"]), "\(host)")
            }
        }
    }

    @Test func otherMethods() async throws {
        try await LiveBroadcaster.with { live in
            for method in ["POST", "PUT", "DELETE", "TRACE", "OPTIONS"] {
                for path in ["/", "/v1/odds", "/openapi.json"] {
                    let answer = try await live.get(path) { $0.method = method }
                    #expect(answer.status == 405 && answer.headers["allow"] == "GET", "\(method) \(path)")
                }
            }
        }
    }

    // MARK: Bytes

    private static let upgrade = Array(
        """
        GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """.utf8)

    /// A masked text frame of up to 64 KiB.
    private static func text(_ text: String) -> [UInt8] {
        let count = text.utf8.count
        let length: [UInt8] = count < 126 ? [0x80 | UInt8(count)] : [0xFE, UInt8(count >> 8), UInt8(count & 255)]
        return [0x81] + length + [0, 0, 0, 0] + Array(text.utf8)
    }

    @Sendable private static func isClosed(_ answer: [UInt8]) -> Bool { closeCode(answer) != nil }

    /// What the last frame says, which is a close frame if the answer ends well.
    private static func closeCode(_ answer: [UInt8]) -> CloseCode? {
        guard let end = answer.indices.first(where: { answer[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
            return nil
        }
        var bytes = answer.dropFirst(end + 4)
        while bytes.count >= 2 {
            let opcode = bytes[bytes.startIndex] & 15
            var length = Int(bytes[bytes.startIndex + 1])
            bytes = bytes.dropFirst(2)
            if length == 126, bytes.count >= 2 {
                length = Int(bytes[bytes.startIndex]) << 8 | Int(bytes[bytes.startIndex + 1])
                bytes = bytes.dropFirst(2)
            }
            if opcode == 8, bytes.count >= 2 {
                return CloseCode(rawValue: UInt16(bytes[bytes.startIndex]) << 8 | UInt16(bytes[bytes.startIndex + 1]))
            }
            bytes = bytes.dropFirst(length)
        }
        return nil
    }
}
