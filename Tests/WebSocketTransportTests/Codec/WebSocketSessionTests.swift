import Testing

@testable import WebSocketTransport

@Suite struct WebSocketSessionTests {
    private static func session() -> WebSocketSession {
        let rules = FrameDecoder.Rules(expectsMask: false, maximumMessageBytes: 1000)
        return WebSocketSession(decoder: FrameDecoder(rules: rules))
    }

    private static func actions(_ session: inout WebSocketSession, _ bytes: [UInt8]) -> [WebSocketSession.Action] {
        var batch = MessageBatch()
        var actions: [WebSocketSession.Action] = []
        bytes.withUnsafeBytes { input in
            var offset = 0
            while let action = session.received(input, from: &offset, into: &batch) { actions.append(action) }
        }
        return actions
    }

    private static let normalClose = FrameBytes.make(8, [0x03, 0xE8])

    @Test func pingsAreAnsweredUntilWeClose() {
        var session = Self.session()
        #expect(Self.actions(&session, FrameBytes.make(9, [1]) + FrameBytes.make(10)) == [.sendPong([1]), .notePong])
        #expect(session.closeRequested(.goingAway, "bye") == .sendClose([0x03, 0xE9] + Array("bye".utf8)))
        #expect(session.closeRequested(.normal, "") == nil)
        #expect(Self.actions(&session, FrameBytes.make(9, [1])) == [])
    }

    @Test func theOtherEndsCloseIsAnsweredWithItsCode() {
        var session = Self.session()
        let close = FrameBytes.make(8, [0x0F, 0xA1] + Array("auth".utf8))
        #expect(Self.actions(&session, close + FrameBytes.make(9)) == [.sendCloseAndFinish([0x0F, 0xA1])])
        #expect(session.isEnded)
        #expect(session.transportClosed() == CloseReason(code: 4001, text: "auth", isFromPeer: true))
    }

    @Test func aCloseWithoutCodeIsAnsweredWithoutCode() {
        var session = Self.session()
        #expect(Self.actions(&session, FrameBytes.make(8)) == [.sendCloseAndFinish([])])
        #expect(session.transportClosed().code == .noStatus)
    }

    @Test func ourCloseIsCompleteWhenAnswered() {
        var session = Self.session()
        _ = session.closeRequested(.goingAway, "")
        #expect(Self.actions(&session, FrameBytes.make(1, [0x61]) + Self.normalClose) == [.finish])
        #expect(session.transportClosed() == CloseReason(code: .goingAway))
    }

    @Test func aViolationClosesWithItsCode() {
        var session = Self.session()
        let actions = Self.actions(&session, FrameBytes.make(1, [0xFF]) + Self.normalClose)
        #expect(actions == [.sendCloseAndFinish([0x03, 0xEF] + Array("invalid UTF-8".utf8))])
        #expect(session.closeRequested(.normal, "") == nil)
        #expect(session.transportClosed().code == .invalidPayload)
    }

    @Test func aLostTransportIsAbnormal() {
        var session = Self.session()
        #expect(session.transportClosed("reset") == CloseReason(code: .abnormal, text: "reset", isFromPeer: true))
        #expect(session.transportClosed().code == .abnormal)
    }
}
