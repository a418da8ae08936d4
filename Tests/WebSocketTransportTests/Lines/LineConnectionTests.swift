import Synchronization
import TestSupport
import Testing

@testable import WebSocketTransport

@Suite(.serialized, .timeLimit(.minutes(1))) struct LineConnectionTests {
    /// Serves a script for as long as `body` takes.
    private func withLines(
        certificate: TestCertificates.Pair? = nil, clientAuthority: String? = nil,
        _ script: @escaping LineServer.Script, body: (_ server: LineServer, _ port: Int) async throws -> Void
    ) async throws {
        let server = LineServer(certificate: certificate, clientAuthority: clientAuthority, script: script)
        let port = try await server.start()
        do {
            try await body(server, port)
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    private func connect(
        _ url: String, _ change: (inout WebSocketClientConfiguration) -> Void = { _ in }
    ) async throws -> LineConnection {
        var configuration = WebSocketClientConfiguration(url: url)
        configuration.oversizedMessages = .discard
        change(&configuration)
        return try await LineConnection.connect(configuration)
    }

    /// Takes messages until there are `count`, or the connection ends.
    private func texts(_ connection: LineConnection, _ count: Int) async throws -> [String] {
        var texts: [String] = []
        while texts.count < count, let batch = try await connection.next() {
            batch.forEachMessage { message, _ in texts.append(String(decoding: message, as: UTF8.self)) }
        }
        return texts
    }

    @Test func linesGoBothWays() async throws {
        try await withLines({ _, line in line.map { [.say("echo \($0)")] } ?? [.say("welcome")] }) { server, port in
            let connection = try await connect("tcp://127.0.0.1:\(port)")
            #expect(try await texts(connection, 1) == ["welcome"])
            try await connection.send(text: "hello")
            #expect(try await texts(connection, 1) == ["echo hello"])
            #expect(server.heard == ["hello"])
            await connection.close(code: .normal, reason: "")
            #expect(try await connection.next() == nil)
            #expect(connection.closeReason?.isFromPeer == false)
            await #expect(throws: WebSocketError.self) { try await connection.send(text: "too late") }
        }
    }

    @Test func whatCameBeforeTheEndIsTaken() async throws {
        try await withLines({ _, _ in [.say("a"), .say("b"), .send(Array("half".utf8)), .hangUp] }) { _, port in
            let connection = try await connect("tcp://127.0.0.1:\(port)")
            #expect(try await texts(connection, 3) == ["a", "b"])
            #expect(connection.closeReason?.isFromPeer == true)
            #expect(connection.closeReason?.text == "the other end hung up")
        }
    }

    @Test func aLineOverTheLimitLeavesATrace() async throws {
        let long = String(repeating: "x", count: 5_000)
        try await withLines({ _, _ in [.say("a"), .say(long), .say("b")] }) { _, port in
            let connection = try await connect("tcp://127.0.0.1:\(port)") { $0.maximumMessageBytes = 1_000 }
            var (count, discarded): (Int, [Int]) = (0, [])
            while count < 2, let batch = try await connection.next() {
                count += batch.messageCount
                discarded += batch.discarded.map(\.byteCount)
            }
            #expect(count == 2 && discarded == [5_000])
            await connection.close(code: .normal, reason: "")
        }
    }

    @Test func theSocketIsNotReadWhileTheInboxIsFull() async throws {
        let lines = 20_000
        let line = String(repeating: "y", count: 1_000)
        try await withLines({ _, _ in Array(repeating: .say(line), count: lines) }) { _, port in
            let connection = try await connect("tcp://127.0.0.1:\(port)") {
                $0.inboxBytes = 100_000
                $0.readBytes = 16_384
            }
            // 20 MB wait to be read; without back-pressure a batch would hold far more than the watermark and a few reads.
            var (count, largest) = (0, 0)
            while count < lines, let batch = try await connection.next() {
                count += batch.messageCount
                largest = max(largest, batch.bytes.count)
                for _ in 0..<5 { await Task.yield() }
            }
            #expect(count == lines)
            #expect(largest < 400_000)
            await connection.close(code: .normal, reason: "")
        }
    }

    @Test func aWakeIsAnEmptyBatch() async throws {
        try await withLines({ _, _ in [] }) { _, port in
            let connection = try await connect("tcp://127.0.0.1:\(port)")
            connection.wake()
            #expect(try await connection.next()?.isEmpty == true)
            await connection.close(code: .normal, reason: "")
        }
    }

    @Test func whatIsNoTextEndsTheConnection() async throws {
        try await withLines({ _, _ in [.say("a"), .send([0xFF, 0x0A]), .say("b")] }) { _, port in
            let connection = try await connect("tcp://127.0.0.1:\(port)")
            #expect(try await texts(connection, 3) == ["a"])
            #expect(connection.closeReason?.code == .invalidPayload)
        }
    }

    @Test(.enabled(if: TestCertificates.isPossible, "needs openssl"))
    func tlsIsThatOfTheConfiguration() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let pair = try await certificates.certificate("server", for: "DNS:feed.invalid", by: authority)
            let client = try await certificates.certificate("client", for: "DNS:client", by: authority)
            let greeting: LineServer.Script = { _, _ in [.say("over TLS")] }
            try await withLines(certificate: pair, clientAuthority: authority.certificate, greeting) { _, port in
                let url = "tls://127.0.0.1:\(port)"
                let connection = try await connect(url) {
                    $0.tls.additionalAuthorityFile = authority.certificate
                    $0.tls.certificateFile = client.certificate
                    $0.tls.privateKeyFile = client.key
                    $0.tls.serverName = "feed.invalid"
                }
                #expect(try await texts(connection, 1) == ["over TLS"])
                await connection.close(code: .normal, reason: "")
                for name in [nil, "other.invalid"] {
                    await #expect(throws: WebSocketError.self) {
                        try await connect(url) {
                            // The second one is known, but goes by another name.
                            $0.tls.additionalAuthorityFile = name == nil ? nil : authority.certificate
                            $0.tls.serverName = name ?? "feed.invalid"
                        }
                    }
                }
            }
        }
    }

    @Test func aTLSHandshakeThatNeverEndsTimesOut() async throws {
        // The server speaks no TLS and waits for a line.
        try await withLines({ _, _ in [] }) { _, port in
            await #expect(throws: WebSocketError.timedOut) {
                try await connect("tls://localhost:\(port)") { $0.connectTimeout = .milliseconds(200) }
            }
        }
        await #expect(throws: WebSocketError.self) { try await connect("tcp://127.0.0.1:1") }
    }
}
