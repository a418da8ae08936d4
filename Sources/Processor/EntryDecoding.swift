package import FeedModel

/// One feed's decoder with the buffers it writes into: raw entry in, payload of the events entry and dead letters out.
package struct EntryDecoding: ~Copyable {
    private let feed: ProcessedFeed
    private var decoder: any FeedDecoder
    private var output: DecodeOutput
    private var run = TermRun()

    /// With an empty decoder, as at the start of a feed.
    package init(feed: ProcessedFeed) throws {
        self.feed = feed
        output = DecodeOutput(clockSlack: feed.clockSlack)
        decoder = try Self.decoder(for: feed, checkpoint: nil)
    }

    init(feed: ProcessedFeed, restoring state: [UInt8]) throws {
        self.feed = feed
        output = DecodeOutput(clockSlack: feed.clockSlack)
        let saved = try Self.saved(state)
        run = saved.run
        decoder = try Self.decoder(for: feed, checkpoint: saved.decoder)
    }

    /// A build that did not follow terms yet left the decoder's own checkpoint.
    private static func saved(_ state: [UInt8]) throws(CheckpointError) -> (run: TermRun, decoder: [UInt8]) {
        var saved = (run: TermRun(), decoder: state)
        guard state.first == TermRun.version else { return saved }
        try CheckpointReader.read(state, version: TermRun.version) { (reader) throws(CheckpointError) in
            saved.run = try TermRun(&reader)
            saved.decoder = [UInt8](try reader.text("decoder"))
        }
        return saved
    }

    private static func decoder(for feed: ProcessedFeed, checkpoint: [UInt8]?) throws -> any FeedDecoder {
        let decoder = try DecoderRegistry.make(provider: feed.provider, feed: feed.name, checkpoint: checkpoint)
        guard let decoder else { throw ProcessorError.unknownProvider(feed.provider) }
        return decoder
    }

    /// Decodes one raw entry. Deterministic: the same entries give the same bytes, whoever decodes them.
    ///
    /// - Parameter entry: with `RawEntry.readableSlack` readable bytes behind its end.
    package mutating func decode(
        _ entry: [UInt8], header: RawEntryHeader
    ) throws(ProcessorError) -> (payload: [UInt8], letters: [DeadLetter]) {
        output.begin(header, resumed: header.kind == .frames ? run.resumed : nil)
        do {
            try entry.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes)
                _ = try RawEntry.header(&cursor)
                if header.kind == .control {
                    try decodeControl(&cursor, header: header)
                } else {
                    try decoder.decode(entry: header, frames: &cursor, into: &output)
                }
            }
        } catch let error as EntryError {
            throw .unreadable(error)
        } catch {
            throw .surprised("\(error)")
        }
        return (output.events.finish(), output.letters)
    }

    /// What stands for an entry that is not decoded: an entry without events, and a letter for each of its frames. What our own
    /// session said goes on as it is.
    mutating func refuse(
        _ entry: [UInt8], header: RawEntryHeader, _ refusal: Refusal
    ) -> (payload: [UInt8], letters: [DeadLetter]) {
        output.begin(header)
        entry.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            _ = try? RawEntry.header(&cursor)
            for frame in header.first...header.last {
                let place = Position(frame: frame, ordinal: 0)
                guard let content = try? RawEntry.frame(&cursor).bytes else {
                    return output.refuse(refusal, bytes, at: place, receivedAt: header.receivedAt)
                }
                if header.kind == .control {
                    let request = (try? ControlEvent(decoding: content)).flatMap { LetterRequest($0) }
                    let answer = request?.refusal(refusal).encoded() ?? [UInt8](content)
                    answer.withUnsafeBytes { output.events.append(control: $0, at: place) }
                } else {
                    output.refuse(refusal, content, at: place, receivedAt: header.receivedAt)
                }
            }
        }
        return (output.events.finish(), output.letters)
    }

    /// What the decoder makes of the control event goes first: a snapshot has ended when what it left out is closed.
    private mutating func decodeControl(_ cursor: inout ByteCursor, header: RawEntryHeader) throws(EntryError) {
        let frame = try RawEntry.frame(&cursor)
        // A control event of a newer build is forwarded even when this one cannot read it.
        if let event = try? ControlEvent(decoding: frame.bytes) {
            if let request = LetterRequest(event) { return replay(request, header) }
            run.apply(event, header: header)
            decoder.apply(event, header: header, into: &output)
            refuse(event, frame.bytes, header)
        }
        output.events.append(control: frame.bytes, at: Position(frame: header.first, ordinal: 0))
    }

    /// A frame that the FeedClient could not take is a letter like any other, whoever the provider is.
    private mutating func refuse(_ event: ControlEvent, _ body: UnsafeRawBufferPointer, _ header: RawEntryHeader) {
        guard case .frameTooLarge(let bytes) = event else { return }
        output.refuse(
            .notTaken(bytes: bytes), body, at: Position(frame: header.first, ordinal: 0),
            receivedAt: header.receivedAt)
    }

    /// Forwards what a letter's message says under today's rules, or why it is still refused.
    private mutating func replay(_ request: LetterRequest, _ header: RawEntryHeader) {
        output.events.begin(header, replaying: request.letter)
        do throws(Refusal) {
            try request.check(before: header)
            try request.withPayload { (payload) throws(Refusal) in
                try decoder.decode(request.letter, payload: payload, into: &output)
            }
        } catch {
            output.counters.count(error.reason)
            // Nothing of the message stays.
            output.events.begin(header)
            let body = request.refusal(error).encoded()
            body.withUnsafeBytes {
                output.events.append(control: $0, at: Position(frame: header.first, ordinal: 0))
            }
        }
    }

    /// Everything that `decode` depends on, to be restored with `init(feed:restoring:)`.
    func state() -> [UInt8] {
        var writer = CheckpointWriter(version: TermRun.version)
        run.save(to: &writer)
        writer.put(decoder.checkpoint())
        return writer.bytes
    }

    /// What was counted since the last call.
    mutating func takeCounters() -> DecodeCounters { output.takeCounters() }
}
