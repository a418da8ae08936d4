import FeedJSON
import FeedModel

/// What the messages of one exchange feed mean, given those before them.
struct BetfairMessages: ~Copyable {
    private static let version: UInt8 = 2
    /// Knew no orders.
    private static let oldestVersion: UInt8 = 1
    private static let maximumMarkets = 16_384

    private var stream = MessageReader<StreamField>()
    private var changes = MarketChangeReader()
    private let rules = BetfairRules()
    private let names = BetfairNames()
    private var markets: MarketTable
    private var orders: OrderMessages
    private var snapshot = ExchangeSnapshot()

    init(feed: FeedName) {
        markets = MarketTable(feed: feed, maximum: Self.maximumMarkets)
        orders = OrderMessages(feed: feed)
    }

    /// Decodes the frames of one entry.
    mutating func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, with scanner: JSONScanner,
        into output: inout DecodeOutput
    ) throws(EntryError) {
        markets.use = header.last
        orders.begin(use: header.last)
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
        orders.settleUp(&output)
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
        if isOrders { return OrderMessages.positions(message) }
        var count = 0
        if let list = stream.raw(.mc) { for _ in list.elements { count += 1 } }
        return max(1, count)
    }

    /// Of the message that `stream` has open.
    private var isOrders: Bool {
        guard let operation = stream.raw(.op), operation.isString else { return false }
        return names.operation(operation.text) == .orderChange
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
        case .orderChange:
            if try orders.decode(message, markets: markets, &place, &output) { snapshot.hasOrders = true }
        case .cricketChange, .raceChange:
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
        let isImage = stream.raw(.ct)?.text.elementsEqual("SUB_IMAGE".utf8) ?? false
        if isImage { snapshot.hasMarkets = true }
        guard let list = stream.raw(.mc) else {
            output.counters.messages += 1
            output.counters.session += 1
            return
        }
        try stream.check(rules.stream, in: context)
        try FrameLimits.check(elementsOf: list)
        let publication = Publication(time: stream.time(.pt), isSnapshot: isImage)
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
    mutating func snapshotBegan(at place: MessagePlace) {
        snapshot = ExchangeSnapshot()
        snapshot.start = place.position
        markets.snapshotBegan()
    }

    mutating func snapshotEnded(at place: MessagePlace, into output: inout DecodeOutput) {
        if snapshot.hasOrders { output.counters.closed += orders.endUnseen(since: snapshot.start) }
        guard snapshot.hasMarkets || !snapshot.hasOrders else { return }
        var publication = Publication(time: nil, isSnapshot: true)
        publication.position = place.position
        markets.closeUnseen(publication, &output)
    }

    func checkpoint() -> [UInt8] {
        var writer = CheckpointWriter(version: Self.version)
        markets.save(to: &writer)
        snapshot.save(to: &writer)
        orders.save(to: &writer)
        return writer.bytes
    }

    /// What `checkpoint` gave, into a new value.
    mutating func restore(_ checkpoint: [UInt8]) throws(CheckpointError) {
        let versions = Self.oldestVersion...Self.version
        try CheckpointReader.read(checkpoint, versions: versions) { (reader) throws(CheckpointError) in
            try markets.restore(from: &reader)
            guard reader.version != Self.oldestVersion else { return }
            snapshot = try ExchangeSnapshot(from: &reader)
            try orders.restore(from: &reader)
        }
    }
}
