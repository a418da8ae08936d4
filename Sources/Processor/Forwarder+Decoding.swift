import FeedModel
import Logging
import RedisStreams
import Telemetry

/// What becomes of the entries of a batch: those that continue the chain are decoded, each into one entry of `events`.
extension Forwarder {
    /// Decodes what continues the chain. Nil if nothing is to be sent yet because a hole has to be looked for first.
    mutating func decode(
        _ entries: [StreamEntry], isPoison: Bool
    ) throws -> (hop: Hop, last: FrameNumber)? {
        var hop = Hop(
            events: names.events, entries: [], dead: names.dead, letters: [], raw: names.raw,
            group: ConsumerGroup.processor, acknowledge: [])
        var last = lastForwarded
        inHand = (0, nil)
        span = nil
        for entry in entries {
            guard let header = try header(of: entry, &hop) else {
                hop.acknowledge.append(entry.id)
                continue
            }
            if header.last > last {
                if header.prev != last && last != 0 {
                    guard passHole(before: header, after: last, isFirst: hop.acknowledge.isEmpty) else {
                        cursor = .backlog(after: .zero)
                        return hop.acknowledge.isEmpty ? nil : (hop, last)
                    }
                }
                let output = try outcome(of: entry, header, isPoison: isPoison)
                let trace = entry.trace.map { passOn($0) }
                hop.entries.append(StreamEntry(id: entry.id, payload: output.payload, trace: trace))
                for letter in output.letters { hop.letters.append(Self.entry(of: letter)) }
                last = header.last
                inHand.frames += Int(header.last - header.first) + 1
                inHand.oldest = inHand.oldest ?? header.receivedAt
            }
            hop.acknowledge.append(entry.id)
        }
        if case .backlog = cursor, let id = hop.acknowledge.last { cursor = .backlog(after: id) }
        return hop.acknowledge.isEmpty ? nil : (hop, last)
    }

    /// Nil for what is no entry of any version: a letter, and otherwise as if it were not there.
    private func header(of entry: StreamEntry, _ hop: inout Hop) throws(ProcessorError) -> RawEntryHeader? {
        do throws(EntryError) { return try RawEntry.header(of: entry.payload) } catch {
            if case .unknownVersion = error { throw .unreadable(error) }
            logger.error(
                "an entry of raw cannot be read and becomes a dead letter",
                metadata: ["entry": "\(entry.id)", LogKey.error: "\(error)"])
            // The last place of its frame, where no message of the provider stands.
            let place = Position(
                frame: FrameNumber(clamping: entry.id.milliseconds), ordinal: Position.messagesPerFrame - 1)
            let letter = DeadLetter(
                position: place, stage: .processor, reason: .badValue, detail: "unreadable entry \(entry.id): \(error)",
                payload: entry.payload, receivedAt: WallClock.now)
            hop.letters.append(Self.entry(of: letter))
            return nil
        }
    }

    private mutating func outcome(
        of entry: StreamEntry, _ header: RawEntryHeader, isPoison: Bool
    ) throws(ProcessorError) -> (payload: [UInt8], letters: [DeadLetter]) {
        let refusal: Refusal
        if isPoison {
            let why = "decoding it has ended the process \(PoisonWatch.triesAlone) times when it was alone"
            refusal = Refusal(.tooManyDeliveries, why)
        } else {
            do throws(ProcessorError) { return try decoding.decode(entry.payload, header: header) } catch {
                guard case .unreadable(let why) = error else { throw error }
                if case .unknownVersion = why { throw error }
                refusal = Refusal(.badValue, "entry \(entry.id): \(why)")
            }
        }
        logger.error(
            "an entry is not decoded: its frames become dead letters",
            metadata: ["entry": "\(entry.id)", LogKey.error: "\(refusal.detail)"])
        // The decoder does not know what it said, and must not meet it again on its way back here.
        (isImageWanted, isCheckpointUrgent) = (true, true)
        return decoding.refuse(entry.payload, header: header, refusal)
    }

    /// A hole: what is missing may be in the backlog, which is read again from its start. True to go on over the hole,
    /// because it has been looked for and is not there.
    private mutating func passHole(before header: RawEntryHeader, after last: FrameNumber, isFirst: Bool) -> Bool {
        guard isFirst else { return false }
        guard hasLookedForHole else {
            hasLookedForHole = true
            return false
        }
        hasLookedForHole = false
        logger.error(
            "entries are missing from the raw stream",
            metadata: ["after": "\(last)", "before": "\(header.first)", "prev": "\(header.prev)"])
        isImageWanted = true
        return true
    }

    /// The id of a letter is where its message stands, so that forwarding it twice changes nothing.
    private static func entry(of letter: DeadLetter) -> StreamEntry {
        let id = StreamID(UInt64(letter.position.frame), UInt64(letter.position.ordinal + 1))
        return StreamEntry(id: id, payload: letter.encoded())
    }
}
