import FeedClient
import FeedJSON
import FeedModel
import Testing

/// Each test is a dialogue: what the provider says, and what the session wants done.
@Suite struct SportsbookSessionTests {
    private let scanner = JSONScanner()
    private let now = Timestamp(microseconds: 1_795_253_400_000_000)

    private func session(token: String = "", lastReceivedAt: Timestamp? = nil) -> SportsbookSession {
        SportsbookSession(streams: ["odds"], resumeToken: Array(token.utf8), lastReceivedAt: lastReceivedAt)
    }

    private func hear(_ session: inout SportsbookSession, _ text: String) -> FrameVerdict {
        // The scanner loads whole vectors: it needs readable bytes behind the text.
        let padded = Array(text.utf8) + [UInt8](repeating: 0, count: RawEntry.readableSlack)
        return padded.withUnsafeBytes { bytes in
            session.received(UnsafeRawBufferPointer(rebasing: bytes[..<text.utf8.count]), scanner: scanner, now: now)
        }
    }

    private func odds(_ sequence: Int64) -> String {
        #"{"type":"odds_change","seq":\#(sequence),"fixture_id":"f"}"#
    }

    private func live(at sequence: Int64) -> SportsbookSession {
        var session = session(token: "odds#\(sequence)", lastReceivedAt: now)
        _ = session.opened()
        _ = hear(&session, #"{"type":"subscribed","resumed":true,"next_seq":\#(sequence + 1),"oldest_seq":1}"#)
        return session
    }

    private func after(_ verdict: FrameVerdict) -> [SessionAction] {
        if case .act(_, _, let after) = verdict { after } else { [] }
    }

    private func before(_ verdict: FrameVerdict) -> [SessionAction] {
        if case .act(let before, _, _) = verdict { before } else { [] }
    }

    private func isStore(_ verdict: FrameVerdict) -> Bool {
        if case .store = verdict { true } else { false }
    }

    private func isDuplicate(_ verdict: FrameVerdict) -> Bool {
        if case .dropDuplicate = verdict { true } else { false }
    }

    @Test func aNewFeedTakesASnapshotAndRecordsNoGap() {
        var session = session()
        #expect(session.opened().contains(.send(#"{"op":"subscribe","streams":["odds"]}"#)))
        let subscribed = hear(&session, #"{"type":"subscribed","resumed":false,"next_seq":8,"oldest_seq":1}"#)
        #expect(before(subscribed).isEmpty)
        #expect(after(subscribed).first == .record(.snapshotBegan))
        #expect(isStore(hear(&session, #"{"type":"odds_change","snapshot":true,"fixture_id":"f"}"#)))
        #expect(session.resumeToken.isEmpty, "half a snapshot must not be resumed on")
        let complete = hear(&session, #"{"type":"snapshot_complete","seq":7}"#)
        #expect(after(complete).first == .record(.snapshotEnded))
        #expect(session.resumeToken == Array("odds#7".utf8))
        #expect(isStore(hear(&session, odds(8))))
        #expect(session.resumeToken == Array("odds#8".utf8))
    }

    @Test func aStoredTokenIsResumedAfter() {
        var session = session(token: "odds#41", lastReceivedAt: now)
        #expect(session.opened().contains(.send(#"{"op":"subscribe","streams":["odds"],"resume_after":41}"#)))
        let subscribed = hear(&session, #"{"type":"subscribed","resumed":true,"next_seq":42,"oldest_seq":1}"#)
        #expect(before(subscribed).isEmpty)
        #expect(after(subscribed).first == .record(.resumed(fromSequence: 41)))
    }

    @Test func aTokenOfOtherStreamsIsAnotherSubscription() {
        var session = session(token: "bets,odds#41", lastReceivedAt: now)
        #expect(session.opened().contains(.send(#"{"op":"subscribe","streams":["odds"]}"#)))
    }

    @Test func aRefusedResumeIsAGapFromTheLastStoredTime() {
        let last = Timestamp(microseconds: 5)
        var session = session(token: "odds#41", lastReceivedAt: last)
        _ = session.opened()
        let subscribed = hear(&session, #"{"type":"subscribed","resumed":false,"next_seq":90,"oldest_seq":80}"#)
        guard case .openGap(let gap) = before(subscribed).first else {
            Issue.record("no gap")
            return
        }
        #expect(gap.kind == .reconnect && gap.fromSequence == 42 && gap.from == 5 && gap.to == now.microseconds)
    }

    @Test func whatIsStoredAlreadyIsDropped() {
        var session = live(at: 10)
        #expect(isDuplicate(hear(&session, odds(10))))
        #expect(isDuplicate(hear(&session, odds(3))))
        #expect(isStore(hear(&session, odds(11))))
        #expect(isDuplicate(hear(&session, odds(11))))
    }

    @Test func anArrayIsDroppedOnlyWhenAllOfItIsOld() {
        var session = live(at: 10)
        #expect(isDuplicate(hear(&session, "[\(odds(9)),\(odds(10))]")))
        #expect(isStore(hear(&session, "[\(odds(10)),\(odds(11))]")))
        #expect(session.resumeToken == Array("odds#11".utf8))
    }

    @Test func aJumpIsAGapThatTheResumedMessagesHeal() {
        var session = live(at: 10)
        let jump = hear(&session, odds(14))
        guard case .act(_, false, let actions) = jump, case .openGap(let gap) = actions.first else {
            Issue.record("no gap, or the frame after it was stored")
            return
        }
        #expect(gap.kind == .sequence && gap.fromSequence == 11 && gap.toSequence == 13)
        #expect(actions.contains(.send(#"{"op":"subscribe","streams":["odds"],"resume_after":10}"#)))
        #expect(isDuplicate(hear(&session, odds(15))), "in flight from before the resume")
        _ = hear(&session, #"{"type":"subscribed","resumed":true,"next_seq":11,"oldest_seq":1}"#)
        #expect(isStore(hear(&session, odds(11))))
        #expect(isStore(hear(&session, odds(12))))
        #expect(after(hear(&session, odds(13))) == [.healGap])
        #expect(isStore(hear(&session, odds(14))))
    }

    @Test func aJumpThatTheProviderRepeatsEndsInASnapshotWithItsGapOnRecord() {
        var session = live(at: 10)
        #expect(after(hear(&session, odds(14))).contains { if case .openGap = $0 { true } else { false } })
        _ = hear(&session, #"{"type":"subscribed","resumed":true,"next_seq":11,"oldest_seq":1}"#)
        #expect(isStore(hear(&session, "what stands at 11 to 13 cannot be read")))
        let fresh = SessionAction.send(#"{"op":"subscribe","streams":["odds"]}"#)
        #expect(after(hear(&session, odds(14))).contains(fresh))
        let subscribed = hear(&session, #"{"type":"subscribed","resumed":false,"next_seq":15,"oldest_seq":1}"#)
        #expect(before(subscribed).isEmpty, "the gap is on record already")
        let complete = hear(&session, #"{"type":"snapshot_complete","seq":14}"#)
        #expect(after(complete).first == .record(.snapshotEnded))
        #expect(isStore(hear(&session, odds(15))), "not healed: nobody has 11 to 13")
        #expect(session.resumeToken == Array("odds#15".utf8))
    }

    @Test func aHeartbeatThatIsStillAheadAfterTheResumeEndsInASnapshot() {
        var session = live(at: 10)
        let heartbeat = #"{"type":"heartbeat","seq":12,"timestamp":1}"#
        #expect(!after(hear(&session, heartbeat)).isEmpty)
        _ = hear(&session, #"{"type":"subscribed","resumed":true,"next_seq":11,"oldest_seq":1}"#)
        let fresh = SessionAction.send(#"{"op":"subscribe","streams":["odds"]}"#)
        #expect(after(hear(&session, heartbeat)).contains(fresh))
    }

    @Test func aMessageOfAnUnknownTypeCountsInTheSequence() {
        var session = live(at: 10)
        #expect(isStore(hear(&session, "[\(odds(11)),{\"type\":\"weather\",\"seq\":12},\(odds(13))]")))
        #expect(isStore(hear(&session, #"{"type":"weather","seq":14}"#)))
        #expect(isStore(hear(&session, odds(15))))
    }

    @Test func aProviderThatCountsAnewIsAskedForASnapshot() {
        let fresh = SessionAction.send(#"{"op":"subscribe","streams":["odds"]}"#)
        var session = live(at: 1_000_000)
        let heartbeat = after(hear(&session, #"{"type":"heartbeat","seq":7,"timestamp":1}"#))
        #expect(heartbeat.contains(fresh) && heartbeat.contains { if case .openGap = $0 { true } else { false } })
        let subscribed = hear(&session, #"{"type":"subscribed","resumed":false,"next_seq":8,"oldest_seq":1}"#)
        #expect(before(subscribed).isEmpty, "the gap is on record already")

        session = live(at: 1_000_000)
        let verdicts = (1...200).map { hear(&session, odds($0)) }
        #expect(verdicts.contains { after($0).contains(fresh) })
    }

    @Test func noSequenceNumberTraps() {
        for sequence in ["9223372036854775807", "-9223372036854775808", "4611686018427387904", "1e400", "-1", "null"] {
            var session = live(at: 10)
            let odds = #"{"type":"odds_change","seq":\#(sequence)}"#
            _ = hear(&session, odds)
            _ = hear(&session, "[\(odds),\(self.odds(11)),\(odds)]")
            _ = hear(&session, #"{"type":"heartbeat","seq":\#(sequence),"timestamp":1}"#)
            _ = hear(&session, #"{"type":"snapshot_complete","seq":\#(sequence)}"#)
        }
    }

    @Test func aHeartbeatThatIsAheadMeansThatMessagesWereLost() {
        var session = live(at: 10)
        #expect(isStore(hear(&session, #"{"type":"heartbeat","seq":10,"timestamp":1}"#)))
        let ahead = after(hear(&session, #"{"type":"heartbeat","seq":12,"timestamp":1}"#))
        guard case .openGap(let gap) = ahead.first else {
            Issue.record("no gap")
            return
        }
        #expect(gap.fromSequence == 11 && gap.toSequence == 12)
    }

    @Test func whatCannotBeReadIsStoredForTheDeadLetters() {
        var session = live(at: 10)
        #expect(isStore(hear(&session, "{not json")))
        #expect(isStore(hear(&session, #"{"type":"mystery"}"#)))
        #expect(isStore(hear(&session, odds(11))))
    }

    @Test func anErrorOfTheProviderEndsTheConnection() {
        var session = live(at: 10)
        guard case .reconnect(let cause, _) = after(hear(&session, #"{"type":"error","code":"x","message":"y"}"#)).last
        else {
            Issue.record("no reconnect")
            return
        }
        #expect(cause == .serverError)
    }
}
