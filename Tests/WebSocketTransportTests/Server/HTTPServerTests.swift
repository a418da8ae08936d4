import NIOCore
import Testing

@testable import WebSocketTransport

@Suite(.serialized, .timeLimit(.minutes(1))) struct HTTPServerTests {
    private static let echo = HTTPRoutes(respond: { request in
        HTTPResponse(
            status: 200, headers: ["x-query": request.queryText],
            text: "\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
    })

    private static func get(_ target: String, close: Bool = true) -> String {
        "GET \(target) HTTP/1.1\r\nHost: h\r\n\(close ? "Connection: close\r\n" : "")\r\n"
    }

    @Test func requestsAreAnswered() async throws {
        try await withServer(Self.echo) { address in
            let answer = try await exchange(address, Self.get("/a%20b/%C3%A9?x=1&y"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("x-query: x=1&y\r\n") && answer.hasSuffix("\r\n\r\nGET /a b/é "))
            let post = "POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
            #expect(try await exchange(address, post).hasSuffix("POST /p body"))
            let head = "HEAD /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let headAnswer = try await exchange(address, head)
            #expect(headAnswer.hasSuffix("\r\n\r\n") && headAnswer.contains("content-length: 8\r\n"))
        }
    }

    @Test func connectionsAreKeptAliveAndPipelined() async throws {
        try await withServer(Self.echo) { address in
            let requests = Self.get("/1", close: false) + Self.get("/2", close: false) + Self.get("/3")
            let answer = try await exchange(address, requests)
            let ends = ["GET /1 ", "GET /2 ", "GET /3 "].compactMap { answer.firstRange(of: $0)?.lowerBound }
            #expect(ends.count == 3 && ends == ends.sorted())
        }
    }

    @Test(arguments: [
        ("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /%ff HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("nonsense\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nX: \(String(repeating: "y", count: 40_000))\r\n\r\n", 431),
    ])
    func badRequestsAreRefused(request: String, status: Int) async throws {
        try await withServer(Self.echo) { address in
            let answer = try await exchange(address, request)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func chunkedBodiesAreLimitedToo() async throws {
        try await withServer(Self.echo, { $0.maximumBodyBytes = 10 }) { address in
            let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            let answer = try await exchange(address, head + "8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func upgradesThatAreWrongAreRefused() async throws {
        try await withServer { address in
            let old = upgradeRequest.replacing("Version: 13", with: "Version: 8")
            let answer = try await exchange(address, old)
            #expect(answer.hasPrefix("HTTP/1.1 426 ") && answer.contains("sec-websocket-version: 13"))
            for wrong in [
                upgradeRequest.replacing("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", with: ""),
                upgradeRequest.replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "short"),
                upgradeRequest.replacing("Connection: Upgrade", with: "Connection: close"),
            ] {
                #expect(try await exchange(address, wrong).hasPrefix("HTTP/1.1 400 "))
            }
            let post = upgradeRequest.replacing("GET /", with: "POST /")
            #expect(try await exchange(address, post).hasPrefix("HTTP/1.1 405 "))
        }
    }

    @Test func upgradesAreAcceptedWithTheRightKey() async throws {
        try await withServer { address in
            let answer = try await exchange(address, upgradeRequest) { $0.contains("\r\n\r\n") }
            #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
        }
    }

    @Test func slowHeadsAreCutOff() async throws {
        try await withServer(Self.echo, { $0.headerTimeout = .milliseconds(100) }) { address in
            for start in ["GET / HT", ""] {
                // On a busy machine the request may come after the end, and is answered with a reset.
                let answer = try? await exchange(address, start)
                #expect(answer?.isEmpty ?? true)
            }
        }
    }

    @Test func bodiesCanBeStreamed() async throws {
        let routes = HTTPRoutes(respond: { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    for number in 0..<3 { try await writer.write("part \(number)\n") }
                })
        })
        try await withServer(routes) { address in
            let answer = try await exchange(address, Self.get("/"))
            #expect(answer.contains("transfer-encoding: chunked\r\n"))
            #expect(answer.hasSuffix("7\r\npart 0\n\r\n7\r\npart 1\n\r\n7\r\npart 2\n\r\n0\r\n\r\n"))
        }
    }

    @Test func eventStreamsCarryPreframedBytes() async throws {
        let closed = Recorder<Bool>()
        let routes = HTTPRoutes(respond: { _ in
            HTTPResponse(
                status: 200, headers: ["content-type": "text/event-stream"],
                body: .eventStream { _ in CountingStream(closed) })
        })
        try await withServer(routes) { address in
            let answer = try await exchange(address, Self.get("/", close: false))
            #expect(answer.contains("content-type: text/event-stream\r\n") && answer.contains("connection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n"))
            #expect(await closed.first() == true)
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        try await withServer { address in
            let second = HTTPServer(
                configuration: HTTPServerConfiguration(host: address.host, port: address.port), routes: .scripted())
            await #expect(
                throws: WebSocketError.bindFailed(
                    address: "\(address)", reason: "another program is using the address")
            ) { try await second.start() }
        }
    }

    @Test func fieldsAreFoundWithoutCaseAndListsTakenApart() {
        var fields: HTTPFields = ["Connection": " keep-alive ,Upgrade", "X": "1"]
        fields.append("connection", "close")
        #expect(fields["CONNECTION"] == "keep-alive ,Upgrade")
        #expect(fields.list("connection") == ["keep-alive", "Upgrade", "close"])
        #expect(fields["y"] == nil)
    }
}

private final class CountingStream: EventStreamDelegate {
    private let ended: Recorder<Bool>

    init(_ ended: Recorder<Bool>) { self.ended = ended }

    func opened(_ peer: EventStreamPeer) {
        for number in 0..<3 { peer.write(preframed: ByteBuffer(string: "data: \(number)\n\n")) }
        peer.close()
    }
    func writabilityChanged(_ peer: EventStreamPeer) {}
    func closed(_ peer: EventStreamPeer) { ended.record(true) }
}
