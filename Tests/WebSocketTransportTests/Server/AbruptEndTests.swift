import NIOCore
import Testing

@testable import WebSocketTransport

/// Peers that misbehave on purpose, as a simulated feed needs them.
@Suite(.serialized, .timeLimit(.minutes(1))) struct AbruptEndTests {
    @Test(arguments: [true, false]) func aResetIsTold(withReset: Bool) async throws {
        let closed = Recorder<CloseReason>()
        let script = ScriptedDelegate.Script(
            opened: { peer in
                peer.write(text: "before")
                peer.flush()
                peer.abort(withReset: withReset)
            }, closed: { closed.record($0) })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address)
            #expect(try await connection.texts(2) == ["before"])
            let text = withReset ? "reset by the other end" : ""
            #expect(connection.closeReason == CloseReason(code: .abnormal, text: text, isFromPeer: true))
            #expect(await closed.first()?.code == .abnormal)
        }
    }

    @Test func aPeerThatDoesNotListenAnswersNoPing() async throws {
        let script = ScriptedDelegate.Script(opened: { $0.stopListening() })
        try await withServer(.scripted(script)) { address in
            let connection = try await connect(address) {
                $0.pingInterval = .milliseconds(50)
                $0.pongTimeout = .milliseconds(100)
            }
            #expect(try await connection.drained() == CloseReason(code: .abnormal, text: "no pong", isFromPeer: true))
        }
    }

    @Test func aPeerThatDoesNotListenAnswersNoCloseAndSendsNoPing() async throws {
        let script = ScriptedDelegate.Script(opened: { $0.stopListening() })
        try await withServer(.scripted(script), { $0.webSocket.pingInterval = .milliseconds(40) }) { address in
            let connection = try await connect(address) { $0.closeTimeout = .milliseconds(300) }
            let start = connection.lastReceived
            let began = ContinuousClock.now
            await connection.close()
            #expect(ContinuousClock.now - began > .milliseconds(250))
            #expect(connection.lastReceived == start)
        }
    }

    @Test func aPeerThatListensAgainAnswersWhatCame() async throws {
        let script = ScriptedDelegate.Script(opened: { peer in
            peer.stopListening()
            peer.write(text: "deaf, not dumb")
            peer.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(200)) { peer.listenAgain() }
        })
        try await withServer(
            .scripted(script),
            {
                $0.webSocket.pingInterval = .milliseconds(40)
                $0.webSocket.pongTimeout = .milliseconds(100)
            }
        ) { address in
            let connection = try await connect(address)
            let began = ContinuousClock.now
            try await connection.send(text: "hello")
            #expect(try await connection.texts(2) == ["deaf, not dumb", "hello"])
            #expect(ContinuousClock.now - began > .milliseconds(100))
            await connection.close()
        }
    }
}
