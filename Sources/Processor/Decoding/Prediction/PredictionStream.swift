import FeedJSON
import FeedModel

/// How a prediction exchange writes its messages.
protocol PredictionDialect: ~Copyable {
    /// Of the checkpoint.
    static var version: UInt8 { get }

    init()

    /// Decodes one message, an object. What is thrown refuses it, and leaves nothing else.
    mutating func decode(
        _ message: JSONValue, at place: MessagePlace, markets: inout PredictionTable, into output: inout DecodeOutput
    ) throws(Refusal)

    /// Whether a frame that is no JSON belongs to the session.
    static func isSession(_ frame: UnsafeRawBufferPointer) -> Bool
}

/// What the messages of one feed of a prediction exchange mean, given those before them.
struct PredictionStream<Dialect: PredictionDialect & ~Copyable>: ~Copyable {
    private var dialect = Dialect()
    private var markets: PredictionTable

    private static var maximumMarkets: Int { 65_536 }

    init(feed: FeedName) { markets = PredictionTable(feed: feed, maximum: Self.maximumMarkets) }

    /// Decodes the frames of one entry: messages, or lists of them.
    mutating func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, with scanner: JSONScanner,
        into output: inout DecodeOutput
    ) throws(EntryError) {
        markets.use = header.last
        var place = MessagePlace(header, clockSlack: output.clockSlack)
        for index in 0..<header.frameCount {
            let frame = try RawEntry.frame(&frames).bytes
            place.frame = header.first + FrameNumber(index)
            place.ordinal = 0
            do throws(Refusal) {
                try decode(frame: frame, with: scanner, &place, &output)
            } catch {
                output.counters.messages += 1
                output.refuse(error, frame, at: place.position, receivedAt: header.receivedAt)
            }
        }
        output.counters.evicted += markets.takeEvictions()
    }

    /// Decodes one frame. What is thrown refuses the whole of it.
    private mutating func decode(
        frame: UnsafeRawBufferPointer, with scanner: JSONScanner, _ place: inout MessagePlace,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        guard !Dialect.isSession(frame) else {
            output.counters.messages += 1
            output.counters.session += 1
            return
        }
        let document = try scanner.frame(frame)
        guard document.kind == .array else { return decode(document, place, &output) }
        try FrameLimits.check(elementsOf: document)
        for message in document.elements {
            decode(message, place, &output)
            place.ordinal += 1
        }
    }

    /// Decodes a message; if it is refused, its neighbours do not notice.
    private mutating func decode(_ message: JSONValue, _ place: MessagePlace, _ output: inout DecodeOutput) {
        output.counters.messages += 1
        do throws(Refusal) {
            guard message.kind == .object else { throw Refusal(.badValue, "message is not an object") }
            try dialect.decode(message, at: place, markets: &markets, into: &output)
        } catch {
            output.refuse(error, message.text, at: place.position, receivedAt: place.receivedAt)
        }
    }

    mutating func apply(_ control: ControlEvent, at place: MessagePlace, into output: inout DecodeOutput) {
        switch control {
        case .snapshotBegan: markets.snapshotBegan()
        case .snapshotEnded:
            let publication = markets.publication(at: place, time: nil)
            markets.snapshotEnded(publication, &output)
        default: break
        }
    }

    func checkpoint() -> [UInt8] {
        var writer = CheckpointWriter(version: Dialect.version)
        markets.save(to: &writer)
        return writer.bytes
    }

    /// What `checkpoint` gave, into a new value.
    mutating func restore(_ checkpoint: [UInt8]) throws(CheckpointError) {
        try CheckpointReader.read(checkpoint, version: Dialect.version) { (reader) throws(CheckpointError) in
            try markets.restore(from: &reader)
        }
    }
}

extension PredictionTable {
    /// How what `place` has is told.
    func publication(at place: MessagePlace, time: Timestamp?) -> Publication {
        var publication = Publication(time: time, isSnapshot: isInSnapshot)
        publication.position = place.position
        return publication
    }
}
