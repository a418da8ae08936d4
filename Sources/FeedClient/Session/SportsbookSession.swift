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
    /// `received_at` of the last message stored; nil if the feed is new.
    private var lastReceivedAt: Timestamp?
    /// After which `seq` the provider was asked for what is missing and has not sent it yet; nil if it was not asked.
    private var askedAfter: Int64?
    /// Messages in a row that were old: a few follow a resume, many mean that the provider counts anew.
    private var oldInARow = 0
    package var seen: StreamKinds = []
    private var pings = 0
    private var subscriptions = 0

    private static let mostOldInARow = 64

    package let deadAfter = Duration.seconds(11)
    package let noticesLoss = true

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
        subscriptions += 1
        let names = streams.map { "\"\($0)\"" }.joined(separator: ",")
        let resume = lastStored.map { ",\"resume_after\":\($0)" } ?? ""
        return .send("{\"op\":\"subscribe\",\"streams\":[\(names)]\(resume)}")
    }

    package var openQuestion: OpenQuestion? {
        phase == .subscribing ? OpenQuestion(subscriptions, "the subscription") : nil
    }

    package mutating func heartbeat() -> String? {
        pings += 1
        return "{\"op\":\"ping\",\"id\":\(pings)}"
    }

    package mutating func received(
        _ frame: UnsafeRawBufferPointer, scanner: JSONScanner, now: Timestamp
    ) -> FrameVerdict {
        let head = scanner.session(frame)
        seen.formUnion(StreamKinds(rawValue: head.dataKinds))
        switch head.kind {
        case .data: return data(head, now: now)
        case .heartbeat: return heartbeat(sequence: head.lastSequence, now: now)
        case .subscribed: return subscribed(frame, scanner: scanner, now: now)
        case .snapshotComplete: return snapshotComplete(sequence: head.lastSequence)
        case .error:
            let text = String(decoding: frame.prefix(300), as: UTF8.self)
            return .act(before: [], store: true, after: [.reconnect(cause: .serverError, why: "provider said \(text)")])
        // The Processor makes it a dead letter: it has to be in the stream for that.
        case .unknown: return head.sequenceCount > 0 ? data(head, now: now) : .store
        case .unreadable: return .store
        }
    }

    private mutating func data(_ head: SessionHead, now: Timestamp) -> FrameVerdict {
        guard phase != .subscribing else { return .dropDuplicate }
        guard head.sequenceCount > 0 else { return .store }
        guard let stored = lastStored else {
            lastReceivedAt = now
            return .store
        }
        if head.lastSequence <= stored { return old(head.lastSequence, stored: stored, now: now) }
        oldInARow = 0
        let isContiguous = head.lastSequence - head.firstSequence == Int64(head.sequenceCount - 1)
        guard head.firstSequence <= stored + 1, isContiguous else {
            if askedAfter == stored { return startAnew(why: "the provider sent the same jump again") }
            return jumped(to: head.firstSequence, after: stored, now: now)
        }
        lastStored = head.lastSequence
        lastReceivedAt = now
        askedAfter = nil
        if let healsAt, head.lastSequence >= healsAt {
            self.healsAt = nil
            return .act(before: [], store: true, after: [.healGap])
        }
        return .store
    }

    private mutating func old(_ sequence: Int64, stored: Int64, now: Timestamp) -> FrameVerdict {
        oldInARow += 1
        guard oldInARow > Self.mostOldInARow else { return .dropDuplicate }
        return fellBack(to: sequence, from: stored, now: now)
    }

    /// What is missing cannot be had: its gap stays on record, unhealed, and only a snapshot tells which prices still stand.
    /// Asking for the missing part again and again would be a feed that stands still.
    private mutating func startAnew(why: String, gap: [SessionAction] = []) -> FrameVerdict {
        // Nothing that follows heals the gap, and the snapshot needs no second one.
        (lastStored, askedAfter, healsAt, oldInARow) = (nil, nil, .max, 0)
        return .act(
            before: [], store: false,
            after: gap + [.enter(.subscribing, why: why + ": asking for a snapshot"), subscription()])
    }

    /// A heartbeat names the last `seq` sent: one above ours means that messages between were lost, one below that the
    /// provider counts anew.
    private mutating func heartbeat(sequence: Int64, now: Timestamp) -> FrameVerdict {
        guard phase == .live, let stored = lastStored, sequence != stored else { return .store }
        if sequence < stored { return fellBack(to: sequence, from: stored, now: now) }
        if askedAfter == stored { return startAnew(why: "the provider did not send what was missing") }
        return jumped(to: sequence + 1, after: stored, now: now)
    }

    /// What the provider counts now has nothing to do with what is stored: only its snapshot tells where it stands.
    private mutating func fellBack(to sequence: Int64, from stored: Int64, now: Timestamp) -> FrameVerdict {
        let gap = ControlEvent.Gap(
            kind: .sequence, fromSequence: sequence, from: lastReceivedAt ?? now, to: now,
            cause: "sequence fell back from \(stored) to \(sequence)")
        return startAnew(why: gap.cause, gap: [.openGap(gap)])
    }

    private mutating func jumped(to sequence: Int64, after stored: Int64, now: Timestamp) -> FrameVerdict {
        askedAfter = stored
        let gap = ControlEvent.Gap(
            kind: .sequence, fromSequence: stored + 1, toSequence: max(sequence - 1, stored + 1),
            from: lastReceivedAt ?? now, to: now,
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
