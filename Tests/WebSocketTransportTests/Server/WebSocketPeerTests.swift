import NIOCore
import Synchronization
import Testing

@testable import WebSocketTransport

@Suite(.serialized, .timeLimit(.minutes(1))) struct WebSocketPeerTests {
    @Test func framesOfATurnArriveInOrderAndUrgentOnesFirst() async throws {
        let large = String(repeating: "L", count: 20_000)
        let script = ScriptedDelegate.Script(opened: { peer in
            for number in 0..<500 { peer.write(preframed: WebSocketFrame.text("\(number)")) }
            peer.write(preframed: WebSocketFrame.text(large))
            peer.write(preframed: WebSocketFrame.text("end"))
            peer.write(preframed: WebSocketFrame.text("urgent 1"), isUrgent: true)
            peer.write(preframed: WebSocketFrame.text("urgent 2"), isUrgent: true)
        })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address)
            let expected = ["urgent 1", "urgent 2"] + (0..<500).map { "\($0)" } + [large, "end"]
            #expect(try await connection.texts(504) == expected)
            await connection.close()
        }
    }

    @Test func sharedFramesReachManyPeers() async throws {
        let frame = WebSocketFrame.text("to all")
        let script = ScriptedDelegate.Script(opened: { $0.write(preframed: frame) })
        try await withServer(.scripted(script)) { address in
            try await withThrowingTaskGroup(of: [String].self) { tasks in
                for _ in 0..<50 {
                    tasks.addTask {
                        let connection = try await connect(address)
                        let texts = try await connection.texts(1)
                        await connection.close()
                        return texts
                    }
                }
                for try await texts in tasks { #expect(texts == ["to all"]) }
            }
        }
    }

    @Test func framesWrittenAtOnceStayWholeWhereTheSocketTakesAPart() async throws {
        let filling = String(repeating: "x", count: 300_000)
        let script = ScriptedDelegate.Script(
            opened: { $0.writeAtOnce(preframed: WebSocketFrame.text("hello")) },
            text: { _, peer in
                for number in 0..<40 {
                    peer.writeAtOnce(preframed: WebSocketFrame.text("\(number) \(filling)"))
                    peer.write(preframed: WebSocketFrame.text("urgent \(number)"), isUrgent: true)
                }
            })
        try await withServer(.scripted(script), { $0.webSocket.maximumUnwrittenBytes = 64 << 20 }) { address in
            let connection = try await connect(address)
            #expect(try await connection.texts(1) == ["hello"])
            try await connection.send(text: "more")
            let texts = try await connection.texts(80)
            let large = texts.filter { !$0.hasPrefix("urgent") }
            #expect(large == (0..<40).map { "\($0) \(filling)" })
            #expect(texts.filter { $0.hasPrefix("urgent") } == (0..<40).map { "urgent \($0)" })
            await connection.close()
        }
    }

    @Test func aPeerThatDoesNotReadBecomesUnwritableAndThenIsClosed() async throws {
        let frame = WebSocketFrame.text(String(repeating: "x", count: 10_000))
        let unwritable = Recorder<Int>()
        let closed = Recorder<CloseReason>()
        let script = ScriptedDelegate.Script(
            opened: { peer in
                for _ in 0..<100 { peer.write(preframed: frame) }
            },
            text: { _, peer in
                // Far more than the kernel's buffers and the limit hold.
                for _ in 0..<5000 where peer.isOpen { peer.write(preframed: frame) }
                unwritable.record(peer.isWritable ? 1 : 0)
            },
            closed: { closed.record($0) })
        try await withServer(.scripted(script), { $0.webSocket.closeTimeout = .milliseconds(200) }) { address in
            let connection = try await connect(address) { $0.inboxBytes = 1000 }
            try await connection.send(text: "more")
            #expect(await unwritable.first() == 0)
            #expect(await closed.first()?.code == 4008)
            await connection.close()
        }
    }

    @Test func writabilityComesBackWhenTheClientReads() async throws {
        let frame = WebSocketFrame.text(String(repeating: "x", count: 60_000))
        let again = Recorder<Bool>()
        let script = ScriptedDelegate.Script(
            opened: { peer in
                while peer.isWritable { peer.write(preframed: frame) }
            },
            writability: { peer in
                if peer.isWritable { again.record(true) }
            })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address) { $0.inboxBytes = 1000 }
            let reading = Task { try await connection.drained() }
            #expect(await again.first() == true)
            await connection.close()
            _ = try await reading.value
        }
    }

    @Test func clientsThatDoNotPongAreClosed() async throws {
        let closed = Recorder<CloseReason>()
        let script = ScriptedDelegate.Script(closed: { closed.record($0) })
        try await withServer(
            .scripted(script),
            {
                $0.webSocket.pingInterval = .milliseconds(40)
                $0.webSocket.pongTimeout = .milliseconds(40)
                $0.webSocket.closeTimeout = .milliseconds(40)
            }
        ) { address in
            _ = try await exchange(address, upgradeRequest)
            #expect(await closed.first() == CloseReason(code: 4011, text: "no pong"))
        }
    }

    @Test func clientsOfOursPong() async throws {
        try await withServer(
            .scripted(),
            {
                $0.webSocket.pingInterval = .milliseconds(40)
                $0.webSocket.pongTimeout = .seconds(1)
            }
        ) { address in
            let connection = try await connect(address)
            try await Task.sleep(for: .milliseconds(300))
            try await connection.send(text: "alive")
            #expect(try await connection.texts(1) == ["alive"])
            await connection.close()
        }
    }

    @Test func unmaskedFramesAndOversizedMessagesAreRefused() async throws {
        let closed = Recorder<CloseReason>()
        let script = ScriptedDelegate.Script(closed: { closed.record($0) })
        try await withServer(.scripted(script), { $0.webSocket.maximumMessageBytes = 100 }) { address in
            let answer = try await exchange(address, upgradeRequest + "\u{1}\u{1}a")
            #expect(answer.contains("frame not masked"))
            #expect(await closed.first()?.code == .protocolError)
            let connection = try await connect(address)
            try await connection.send(text: String(repeating: "x", count: 101))
            #expect(try await connection.drained()?.code == .messageTooBig)
        }
    }

    @Test func stoppingTellsThePeers() async throws {
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: .scripted())
        let address = try await server.start()
        let connection = try await connect(address)
        #expect(await server.connectionCount() == 1)
        async let reason = connection.drained()
        await server.stop(code: .serviceRestart, reason: "deploy", grace: .seconds(5))
        #expect(try await reason == CloseReason(code: .serviceRestart, text: "deploy", isFromPeer: true))
        #expect(await server.connectionCount() == 0)
        await #expect(throws: WebSocketError.self) { try await connect(address) }
    }

    @Test func subprotocolAndHeadersAreAgreed() async throws {
        let routes = HTTPRoutes(upgrade: { request in
            guard request.path == "/v1/ws", request.queryValue("token") == "a b", request.headers["x-key"] == "k" else {
                return .reject(HTTPResponse(status: 404))
            }
            return .accept(subprotocol: "bearer", delegate: { _ in ScriptedDelegate(.init()) })
        })
        try await withServer(routes) { address in
            let connection = try await connect(address) {
                $0.url = "ws://\(address)/v1/ws?token=a+b"
                $0.headers = [HTTPHeader(name: "X-Key", value: "k")]
                $0.subprotocols = ["other", "bearer"]
            }
            #expect(connection.subprotocol == "bearer")
            await connection.close()
            await #expect(throws: WebSocketError.refused(status: 404, retryAfter: nil, body: "")) {
                try await connect(address)
            }
        }
    }
}

/// A valid request to upgrade, byte by byte.
let upgradeRequest =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
