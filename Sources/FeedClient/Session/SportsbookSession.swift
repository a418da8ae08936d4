package import FeedJSON
package import FeedModel

/// The session of the sportsbook API, version 1: subscribe, resume after the last stored `seq`, snapshot when that fails.
package struct SportsbookSession: ProviderSession {
    private enum Phase: Equatable {
        case subscribing
        case snapshot
        case live
    }

    private let streams: [String]
    private var phase = Phase.subscribing
    /// The last `seq` that is in the stream; nil until a snapshot is complete.
    private var lastStored: Int64?
    /// The last `seq` that an open gap lacks; nil without one.
    private var healsAt: Int64?
    /// `received_at` of the last frame stored before this connection.
    private let lastReceivedAt: Timestamp?
    private var pings = 0

    package let deadAfter = Duration.seconds(11)

    /// - Parameters:
    ///   - resumeToken: of the last entry in the stream; one of another set of streams is another subscription.
    ///   - lastReceivedAt: of that entry; nil if the feed is new.
    package init(streams: [String], resumeToken: [UInt8], lastReceivedAt: Timestamp?) {
        self.streams = streams.sorted()
        self.lastReceivedAt = lastReceivedAt
        lastStored = Self.sequence(in: resumeToken, of: self.streams)
    }

    package var resumeToken: [UInt8] {
        guard phase != .snapshot, let lastStored else { return [] }
        return Array("\(streams.joined(separator: ","))#\(lastStored)".utf8)
    }

    private static func sequence(in token: [UInt8], of streams: [String]) -> Int64? {
        let parts = String(decoding: token, as: UTF8.self).split(separator: "#")
        guard parts.count == 2, parts[0] == streams.joined(separator: ",") else { return nil }
        return Int64(parts[1])
    }

    package mutating func opened() -> [SessionAction] {
        [.enter(.subscribing, why: "connected")] + [subscription()]
    }

    private mutating func subscription() -> SessionAction {
        phase = .subscribing
        let names = streams.map { "\"\($0)\"" }.joined(separator: ",")
        let resume = lastStored.map { ",\"resume_after\":\($0)" } ?? ""
        return .send("{\"op\":\"subscribe\",\"streams\":[\(names)]\(resume)}")
    }

    package mutating func heartbeat() -> String? {
        pings += 1
        return "{\"op\":\"ping\",\"id\":\(pings)}"
    }

    package mutating func received(
        _ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp
    ) -> FrameVerdict {
        let head = scanner.session(frame)
        switch head.kind {
        case .data: return data(head, now: now)
        case .heartbeat: return heartbeat(sequence: head.lastSequence, now: now)
        case .subscribed: return subscribed(frame, scanner: scanner, now: now)
        case .snapshotComplete: return snapshotComplete(sequence: head.lastSequence)
        case .error:
            let text = String(decoding: frame.prefix(300), as: UTF8.self)
            return .act(before: [], store: true, after: [.reconnect(cause: .serverError, why: "provider said \(text)")])
        case .unknown, .unreadable:
            // The Processor makes it a dead letter: it has to be in the stream for that.
            return .store
        }
    }

    private mutating func data(_ head: SessionHead, now: Timestamp) -> FrameVerdict {
        guard phase != .subscribing else { return .dropDuplicate }
        guard head.sequenceCount > 0 else { return .store }
        guard let stored = lastStored else { return .store }
        if head.lastSequence <= stored { return .dropDuplicate }
        let isContiguous = head.lastSequence - head.firstSequence == Int64(head.sequenceCount - 1)
        guard head.firstSequence <= stored + 1, isContiguous else { return jumped(to: head.firstSequence, now: now) }
        lastStored = head.lastSequence
        if let healsAt, head.lastSequence >= healsAt {
            self.healsAt = nil
            return .act(before: [], store: true, after: [.healGap])
        }
        return .store
    }

    /// A heartbeat names the last `seq` sent: one above ours means that messages between were lost.
    private mutating func heartbeat(sequence: Int64, now: Timestamp) -> FrameVerdict {
        guard phase == .live, let stored = lastStored, sequence > stored else { return .store }
        return jumped(to: sequence + 1, now: now)
    }

    private mutating func jumped(to sequence: Int64, now: Timestamp) -> FrameVerdict {
        let stored = lastStored ?? 0
        let gap = ControlEvent.Gap(
            kind: .sequence, fromSequence: stored + 1, toSequence: max(sequence - 1, stored + 1), from: now, to: now,
            cause: "sequence jumped from \(stored) to \(sequence)")
        let opensGap = healsAt == nil
        healsAt = max(healsAt ?? 0, max(sequence - 1, stored + 1))
        let gapAction: [SessionAction] = opensGap ? [.openGap(gap)] : []
        return .act(
            before: [], store: false,
            after: gapAction + [.enter(.subscribing, why: "asking for what is missing"), subscription()])
    }

    private mutating func subscribed(
        _ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp
    ) -> FrameVerdict {
        guard phase == .subscribing else { return .store }
        let isResumed = scanner.flag("resumed", of: frame) ?? false
        if isResumed, let lastStored {
            phase = .live
            return .act(
                before: [], store: true,
                after: [.record(.resumed(fromSequence: lastStored)), .enter(.live, why: "resumed")])
        }
        var before: [SessionAction] = []
        if let lastReceivedAt, healsAt == nil {
            before = [
                .openGap(
                    .init(
                        kind: .reconnect, fromSequence: lastStored.map { $0 + 1 }, from: lastReceivedAt, to: now,
                        cause: lastStored == nil ? "nothing to resume from" : "provider no longer holds what is missing"
                    ))
            ]
        }
        phase = .snapshot
        healsAt = nil
        lastStored = nil
        return .act(
            before: before, store: true, after: [.record(.snapshotBegan), .enter(.snapshot, why: "not resumed")])
    }

    private mutating func snapshotComplete(sequence: Int64) -> FrameVerdict {
        guard phase == .snapshot else { return .store }
        phase = .live
        lastStored = sequence
        return .act(before: [], store: true, after: [.record(.snapshotEnded), .enter(.live, why: "snapshot complete")])
    }
}
