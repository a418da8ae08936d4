import FeedJSON
import FeedModel

/// What the messages of one exchange feed mean, given those before them.
struct BetfairMessages: ~Copyable {
    private static let version: UInt8 = 1
    private static let maximumMarkets = 16_384

    private var stream = MessageReader<StreamField>()
    private var changes = MarketChangeReader()
    private let rules = BetfairRules()
    private let names = BetfairNames()
    private var markets: MarketTable

    init(feed: FeedName) { markets = MarketTable(feed: feed, maximum: Self.maximumMarkets) }

    /// Decodes the frames of one entry.
    mutating func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, with scanner: JSONScanner,
        into output: inout DecodeOutput
    ) throws(EntryError) {
        markets.use = header.last
        var place = MessagePlace(header)
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

    /// Decodes one frame: a message, or a list of them. What is thrown refuses the whole of it.
    private mutating func decode(
        frame: UnsafeRawBufferPointer, with scanner: JSONScanner, _ place: inout MessagePlace,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        let document = try scanner.frame(frame)
        guard document.kind == .array else { return try decode(message: document, &place, &output) }
        var total = 0
        for message in document.elements { total += try count(message) }
        guard total <= Position.messagesPerFrame else {
            throw Refusal(.tooLarge, "frame has \(total) changes, more than \(Position.messagesPerFrame)")
        }
        for message in document.elements {
            do throws(Refusal) {
                try decode(message: message, &place, &output)
            } catch {
                output.counters.messages += 1
                output.refuse(error, message.text, at: place.position, receivedAt: place.receivedAt)
                place.ordinal += 1
            }
        }
    }

    /// How many positions a message of a list may take.
    private mutating func count(_ message: JSONValue) throws(Refusal) -> Int {
        guard message.kind == .object else { return 1 }
        try stream.open(message)
        var count = 0
        if let list = stream.raw(.mc) { for _ in list.elements { count += 1 } }
        return max(1, count)
    }

    private mutating func decode(
        message: JSONValue, _ place: inout MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        guard message.kind == .object else { throw Refusal(.badValue, "message is not an object") }
        try stream.open(message)
        guard let operation = stream.raw(.op) else { throw .missing("op") }
        switch operation.isString ? names.operation(operation.text) : nil {
        case .marketChange: try decode(changes: message, &place, &output)
        case .connection, .status, .heartbeat:
            output.counters.messages += 1
            output.counters.session += 1
        case .orderChange, .cricketChange, .raceChange:
            output.counters.messages += 1
            output.counters.unused += 1
        case nil:
            let name = UnsafeRawBufferPointer(rebasing: operation.text.prefix(100)).string
            throw Refusal(.unknownType, "op: \(name) is not known")
        }
    }

    private mutating func decode(
        changes message: JSONValue, _ place: inout MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        let context = RuleContext(window: place.window)
        guard let list = stream.raw(.mc) else {
            output.counters.messages += 1
            output.counters.session += 1
            return
        }
        try stream.check(rules.stream, in: context)
        try FrameLimits.check(elementsOf: list)
        let publication = Publication(
            time: stream.time(.pt), isSnapshot: stream.raw(.ct)?.text.elementsEqual("SUB_IMAGE".utf8) ?? false)
        for element in list.elements {
            output.counters.messages += 1
            do throws(Refusal) {
                try decode(change: element, publication, place, &output)
            } catch {
                output.refuse(error, element.text, at: place.position, receivedAt: place.receivedAt)
            }
            place.ordinal += 1
        }
    }

    private mutating func decode(
        change element: JSONValue, _ publication: Publication, _ place: MessagePlace, _ output: inout DecodeOutput
    ) throws(Refusal) {
        try changes.read(element, window: place.window, markets: markets)
        output.counters.rounded += changes.change.rounded
        var publication = publication
        publication.position = place.position
        markets.apply(changes.change, publication, &output)
    }
}

extension BetfairMessages {
    mutating func snapshotBegan() { markets.snapshotBegan() }

    mutating func snapshotEnded(at place: MessagePlace, into output: inout DecodeOutput) {
        var publication = Publication(time: nil, isSnapshot: true)
        publication.position = place.position
        markets.closeUnseen(publication, &output)
    }

    func checkpoint() -> [UInt8] {
        var writer = CheckpointWriter(version: Self.version)
        markets.save(to: &writer)
        return writer.bytes
    }

    /// What `checkpoint` gave, into a new value.
    mutating func restore(_ checkpoint: [UInt8]) throws(CheckpointError) {
        try CheckpointReader.read(checkpoint, version: Self.version) { (reader) throws(CheckpointError) in
            try markets.restore(from: &reader)
        }
    }
}
