import FeedModel

/// One feed's decoder with the buffers it writes into: raw entry in, payload of the events entry and dead letters out.
struct EntryDecoding: ~Copyable {
    private let feed: ProcessedFeed
    private var decoder: any FeedDecoder
    private var output: DecodeOutput

    /// With an empty decoder, as at the start of a feed.
    init(feed: ProcessedFeed) throws {
        self.feed = feed
        output = DecodeOutput(clockSlack: feed.clockSlack)
        decoder = try Self.decoder(for: feed, checkpoint: nil)
    }

    init(feed: ProcessedFeed, restoring state: [UInt8]) throws {
        self.feed = feed
        output = DecodeOutput(clockSlack: feed.clockSlack)
        decoder = try Self.decoder(for: feed, checkpoint: state)
    }

    private static func decoder(for feed: ProcessedFeed, checkpoint: [UInt8]?) throws -> any FeedDecoder {
        let decoder = try DecoderRegistry.make(provider: feed.provider, feed: feed.name, checkpoint: checkpoint)
        guard let decoder else { throw ProcessorError.unknownProvider(feed.provider) }
        return decoder
    }

    /// Decodes one raw entry. Deterministic: the same entries give the same bytes, whoever decodes them.
    mutating func decode(
        _ entry: [UInt8], header: RawEntryHeader
    ) throws(ProcessorError) -> (payload: [UInt8], letters: [DeadLetter]) {
        output.begin(header)
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

    /// What the decoder makes of the control event goes first: a snapshot has ended when what it left out is closed.
    private mutating func decodeControl(_ cursor: inout ByteCursor, header: RawEntryHeader) throws(EntryError) {
        let frame = try RawEntry.frame(&cursor)
        // A control event of a newer build is forwarded even when this one cannot read it.
        if let event = try? ControlEvent(decoding: frame.bytes) {
            if let request = LetterRequest(event) { return replay(request, header) }
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
            try request.check(before: header.first)
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

    /// The decoder's state, to be restored with `init(feed:restoring:)`.
    func state() -> [UInt8] { decoder.checkpoint() }

    /// What was counted since the last call.
    mutating func takeCounters() -> DecodeCounters { output.takeCounters() }
}
