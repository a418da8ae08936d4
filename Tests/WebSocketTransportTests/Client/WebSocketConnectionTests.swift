import NIOCore
import Synchronization
import Testing

@testable import WebSocketTransport

@Suite(.serialized, .timeLimit(.minutes(1))) struct WebSocketConnectionTests {
    @Test func messagesAreEchoed() async throws {
        try await withServer { address in
            let connection = try await connect(address)
            try await connection.send(text: "hello")
            try await connection.send(binary: [1, 2, 3])
            let texts = try await connection.texts(2)
            #expect(texts == ["hello", "\u{1}\u{2}\u{3}"])
            await connection.close()
            #expect(try await connection.next() == nil)
            #expect(connection.closeReason == CloseReason(code: .normal))
            await #expect(throws: WebSocketError.self) { try await connection.send(text: "late") }
        }
    }

    @Test(arguments: [125, 126, 65535, 65536, 3_000_000])
    func largeMessagesSurvive(length: Int) async throws {
        let text = String(repeating: "é", count: length / 2) + (length % 2 == 0 ? "" : "x")
        try await withServer(.scripted(), { $0.webSocket.maximumMessageBytes = 1 << 22 }) { address in
            let connection = try await connect(address)
            try await connection.send(text: text)
            #expect(try await connection.texts(1) == [text])
            await connection.close()
        }
    }

    @Test func batchesCarryTimesAndSlack() async throws {
        try await withServer { address in
            let connection = try await connect(address) { $0.wallClock = { 1_766_000_000_000_000 } }
            try await connection.send(text: "x")
            let batch = try #require(try await connection.next())
            #expect(batch.receivedAt == 1_766_000_000_000_000)
            #expect(batch.bytes.capacity - batch.bytes.count >= MessageBatch.readableSlack)
            #expect(connection.lastReceived <= .now())
            await connection.close()
        }
    }

    @Test func aSlowConsumerStopsTheSender() async throws {
        let sent = Mutex(0)
        let message = [UInt8](repeating: 0x61, count: 1000)
        let frame = message.withUnsafeBytes { WebSocketFrame.text($0) }
        let total = 60_000
        let fill: @Sendable (WebSocketPeer) -> Void = { peer in
            var count = sent.withLock { $0 }
            while peer.isWritable, count < total {
                peer.write(preframed: frame)
                count += 1
            }
            sent.withLock { $0 = count }
        }
        let script = ScriptedDelegate.Script(opened: fill, writability: fill)
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address) { $0.inboxBytes = 100_000 }
            // Long enough for everything to arrive, if nothing held it back; the kernel's own buffers hold some.
            var before = -1
            while sent.withLock({ $0 }) != before {
                before = sent.withLock { $0 }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(before < total)
            var count = 0
            var spent = MessageBatch()
            while count < total, let batch = try await connection.next(reusing: spent) {
                count += batch.messageCount
                spent = batch
            }
            #expect(count == total)
            await connection.close()
        }
    }

    @Test func theServersCloseReachesTheConsumer() async throws {
        let script = ScriptedDelegate.Script(opened: { peer in
            peer.write(text: "last")
            peer.close(code: 4010, reason: "draining")
            peer.write(text: "too late")
        })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address)
            #expect(try await connection.texts(2) == ["last"])
            #expect(connection.closeReason == CloseReason(code: 4010, text: "draining", isFromPeer: true))
        }
    }

    @Test func anAbruptEndIsAbnormal() async throws {
        let script = ScriptedDelegate.Script(opened: { $0.abort() })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address)
            #expect(try await connection.drained()?.code == .abnormal)
        }
    }

    @Test(arguments: [401, 403, 429, 503])
    func refusalsCarryWhatTheServerSaid(status: Int) async throws {
        let routes = HTTPRoutes(upgrade: { _ in
            .reject(.json(status: status, headers: ["retry-after": "3"], #"{"code":"no"}"#))
        })
        try await withServer(routes) { address in
            let expected = WebSocketError.refused(status: status, retryAfter: .seconds(3), body: #"{"code":"no"}"#)
            await #expect(throws: expected) { try await connect(address) }
        }
    }

    @Test func aWrongAcceptKeyIsRefused() async throws {
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
        try await withRawServer(answering: Array(answer.utf8)) { address in
            await #expect(throws: WebSocketError.handshakeInvalid("wrong accept key")) { try await connect(address) }
        }
    }

    @Test func framesBehindTheUpgradeAreRead() async throws {
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: {accept}\r\n\r\n\u{1}\u{3}abc"
        // Fragmented text in the same segment as the head; the raw server adds nothing.
        try await withRawServer(answering: Array(head.utf8), closing: true) { address in
            let connection = try await connect(address)
            #expect(try await connection.drained()?.code == .abnormal)
        }
    }

    @Test func aServerThatIsNotThereIsNamed() async throws {
        var free = ListeningAddress(host: "127.0.0.1", port: 0)
        try await withServer { free = $0 }
        do {
            _ = try await connect(free)
            Issue.record("connected to nothing")
        } catch let error as WebSocketError {
            guard case .connectFailed(let why) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(why.contains("refused") && error.isRetriable)
        }
    }

    @Test func aSilentServerTimesOut() async throws {
        try await withRawServer(answering: []) { address in
            await #expect(throws: WebSocketError.timedOut) {
                try await connect(address) { $0.connectTimeout = .milliseconds(200) }
            }
        }
    }

    @Test func aServerThatHangsUpIsReported() async throws {
        try await withRawServer(answering: [], closing: true) { address in
            await #expect(throws: WebSocketError.handshakeInvalid("connection closed before the response")) {
                try await connect(address)
            }
        }
    }

    @Test func aMissingPongEndsTheConnection() async throws {
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: {accept}\r\n\r\n"
        try await withRawServer(answering: Array(answer.utf8)) { address in
            let connection = try await connect(address) {
                $0.pingInterval = .milliseconds(50)
                $0.pongTimeout = .milliseconds(50)
            }
            #expect(try await connection.drained() == CloseReason(code: .abnormal, text: "no pong", isFromPeer: true))
        }
    }

    @Test func pongsKeepTheConnection() async throws {
        try await withServer { address in
            let connection = try await connect(address) {
                $0.pingInterval = .milliseconds(20)
                $0.pongTimeout = .seconds(5)
            }
            let start = connection.lastReceived
            while connection.lastReceived == start { try await Task.sleep(for: .milliseconds(10)) }
            #expect(connection.closeReason == nil)
            await connection.close()
        }
    }

    @Test func violationsOfTheServerAreAnswered() async throws {
        let closed = Recorder<CloseReason>()
        let script = ScriptedDelegate.Script(
            opened: { peer in
                peer.write(text: "good")
                peer.write(preframed: ByteBuffer(bytes: FrameBytes.make(1, [0xFF])))
            }, closed: { closed.record($0) })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address)
            #expect(try await connection.texts(2) == ["good"])
            #expect(connection.closeReason?.code == .invalidPayload)
            #expect(await closed.first()?.code == .invalidPayload)
        }
    }

    @Test func oversizedMessagesCloseOrAreDiscarded() async throws {
        let script = ScriptedDelegate.Script(opened: { peer in
            peer.write(text: String(repeating: "x", count: 5000))
            peer.write(text: "next")
        })
        try await withServer(.scripted(script)) { address in
            let strict = try await connect(address) { $0.maximumMessageBytes = 1000 }
            #expect(try await strict.drained()?.code == .messageTooBig)
            let lenient = try await connect(address) {
                $0.maximumMessageBytes = 1000
                $0.oversizedMessages = .discard
            }
            var batch = MessageBatch()
            while batch.messageCount < 1, let next = try await lenient.next() {
                batch.discarded += next.discarded
                batch.messageCount += next.messageCount
            }
            #expect(batch.discarded.map(\.byteCount) == [5000])
            await lenient.close()
        }
    }

    @Test func readingCanBeStopped() async throws {
        let script = ScriptedDelegate.Script(opened: { $0.write(text: "first") })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address)
            #expect(try await connection.texts(1) == ["first"])
            await connection.stopReading()
            #expect(try await connection.next() == nil)
            #expect(connection.closeReason == nil)
            await connection.close()
        }
    }

    @Test func cancellationEndsTheWait() async throws {
        try await withServer { address in
            let connection = try await connect(address)
            let waiting = Task { try await connection.next() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            try await connection.send(text: "still works")
            #expect(try await connection.texts(1) == ["still works"])
            await connection.close()
        }
    }

    @Test(arguments: [ServerCompression.withContextTakeover, .withoutContextTakeover])
    func compressedConversationsAreUnderstood(compression: ServerCompression) async throws {
        try await withServer(.scripted(), { $0.webSocket.compression = compression }) { address in
            for forgets in [true, false] {
                let connection = try await connect(address) {
                    var offer = CompressionOffer()
                    offer.clientNoContextTakeover = forgets
                    $0.compression = offer
                }
                let texts = (0..<50).map { "message \($0) " + String(repeating: "again ", count: $0 * 20) }
                for text in texts { try await connection.send(text: text) }
                #expect(try await connection.texts(50) == texts)
                await connection.close()
            }
        }
    }

    @Test(arguments: [OversizedMessagePolicy.close, .discard])
    func aBombOfTheServersIsRefused(policy: OversizedMessagePolicy) async throws {
        let closed = Recorder<CloseReason>()
        let bomb = String(repeating: " ", count: 20_000_000)
        let script = ScriptedDelegate.Script(opened: { $0.write(text: bomb) }, closed: { closed.record($0) })
        try await withServer(.scripted(script), { $0.webSocket.compression = .withoutContextTakeover }) { address in
            let connection = try await connect(address) {
                $0.compression = CompressionOffer()
                $0.maximumMessageBytes = 1_000_000
                $0.oversizedMessages = policy
            }
            #expect(try await connection.drained()?.code == .messageTooBig)
            #expect(
                await closed.first() == CloseReason(code: .messageTooBig, text: "message too big", isFromPeer: true))
        }
    }

    @Test(arguments: [ServerCompression.withContextTakeover, .withoutContextTakeover])
    func aBombOfAClientsIsRefused(compression: ServerCompression) async throws {
        try await withServer(.scripted(), { $0.webSocket.compression = compression }) { address in
            let connection = try await connect(address) { $0.compression = CompressionOffer() }
            try await connection.send(text: String(repeating: " ", count: 20_000_000))
            let reason = CloseReason(code: .messageTooBig, text: "message too big", isFromPeer: true)
            #expect(try await connection.drained() == reason)
            let next = try await connect(address) { $0.compression = CompressionOffer() }
            try await next.send(text: "unharmed")
            #expect(try await next.texts(1) == ["unharmed"])
            await next.close()
        }
    }

    @Test(arguments: [
        "Host", "upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Extensions", "Content-Length", "", "a b",
        "a:b",
    ])
    func headersThatWouldBreakTheRequestAreRefused(name: String) async throws {
        let address = ListeningAddress(host: "127.0.0.1", port: 1)
        await #expect(throws: WebSocketError.self) {
            try await connect(address) { $0.headers = [HTTPHeader(name: name, value: "x")] }
        }
        #expect(WebSocketClientConfiguration.problem(ofHeader: name, "secret")?.contains("secret") == false)
    }
}
