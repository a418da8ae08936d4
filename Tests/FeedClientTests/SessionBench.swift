import FeedClient
import FeedJSON
import FeedModel

/// Puts frames before a session as the pump does, and takes its verdicts apart.
struct SessionBench<Session: ProviderSession> {
    private let scanner = JSONScanner()
    var session: Session

    init(_ session: Session) { self.session = session }

    mutating func hear(_ text: String, at now: Timestamp = Timestamp(microseconds: 1_795_253_400_000_000)) -> Verdict {
        // The scanner loads whole vectors: it needs readable bytes behind the text.
        let padded = Array(text.utf8) + [UInt8](repeating: 0, count: RawEntry.readableSlack)
        return padded.withUnsafeBytes { bytes in
            let frame = UnsafeRawBufferPointer(rebasing: bytes[..<text.utf8.count])
            return Verdict(session.received(frame, scanner: scanner, now: now))
        }
    }
}

/// A verdict with every part there.
struct Verdict: Equatable {
    var before: [SessionAction] = []
    var isStored = true
    var after: [SessionAction] = []

    init(_ verdict: FrameVerdict) {
        switch verdict {
        case .store: break
        case .dropDuplicate: isStored = false
        case .act(let before, let isStored, let after):
            self.before = before
            self.isStored = isStored
            self.after = after
        }
    }

    var isPlain: Bool { isStored && before.isEmpty && after.isEmpty }
    var actions: [SessionAction] { before + after }

    var gaps: [ControlEvent.Gap] {
        actions.compactMap { if case .openGap(let gap) = $0 { gap } else { nil } }
    }

    var sent: [String] { actions.compactMap { if case .send(let text) = $0 { text } else { nil } } }

    var states: [SessionState] { actions.compactMap { if case .enter(let state, _) = $0 { state } else { nil } } }

    var records: [ControlEvent] { actions.compactMap { if case .record(let event) = $0 { event } else { nil } } }

    var reconnects: [ReconnectCause] {
        actions.compactMap { if case .reconnect(let cause, _) = $0 { cause } else { nil } }
    }
}
