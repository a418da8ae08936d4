import FeedJSON
import FeedModel

/// What the order messages of one exchange feed mean, given those before them.
struct OrderMessages: ~Copyable {
    /// More bets than this are not remembered at a time; those that are over are forgotten first.
    static let maximumBets = 65_536

    private var stream = MessageReader<OrderStreamField>()
    private var reader = OrderReader()
    private let rules = OrderRules()
    private var bets: BetTable

    init(feed: FeedName, maximumBets: Int = OrderMessages.maximumBets) {
        bets = BetTable(feed: feed, maximum: maximumBets)
    }

    /// Grows with the feed.
    mutating func begin(use: Int64) { bets.use = use }

    /// Ends an entry.
    mutating func settleUp(_ output: inout DecodeOutput) {
        output.counters.closed += bets.endImages()
        output.counters.evicted += bets.takeEvictions()
    }

    /// How many positions a message takes: one for each market, each runner and each order in it.
    static func positions(_ message: JSONValue) -> Int {
        var count = 0
        for market in message.list("oc") {
            count += 1
            for runner in market.list("orc") {
                count += 1
                for _ in runner.list("uo") { count += 1 }
            }
        }
        return max(1, count)
    }

    /// Decodes one message; true if it belongs to an image of all orders. What is thrown refuses the whole of it.
    mutating func decode(
        _ message: JSONValue, markets: borrowing MarketTable, _ place: inout MessagePlace,
        _ output: inout DecodeOutput
    ) throws(Refusal) -> Bool {
        try stream.open(message)
        let isImage = stream.raw(.ct)?.text.elementsEqual("SUB_IMAGE".utf8) ?? false
        guard let list = stream.raw(.oc) else {
            output.counters.messages += 1
            output.counters.session += 1
            return isImage
        }
        let context = RuleContext(window: place.window, isSnapshot: isImage)
        try stream.check(rules.stream, in: context)
        let count = Self.positions(message)
        guard place.ordinal + count <= Position.messagesPerFrame else {
            throw Refusal(.tooLarge, "message has \(count) changes, more than \(Position.messagesPerFrame)")
        }
        var part = OrderPart(start: place.position, time: stream.time(.pt), context: context)
        for element in list.elements { decode(market: element, &part, markets, &place, &output) }
        return isImage
    }

    // MARK: Parts

    private mutating func decode(
        market element: JSONValue, _ part: inout OrderPart, _ markets: borrowing MarketTable,
        _ place: inout MessagePlace, _ output: inout DecodeOutput
    ) {
        let head = place
        place.ordinal += 1
        let market: OrderMarket
        do throws(Refusal) {
            market = try reader.market(element, part.context)
        } catch {
            return refuse(error, element, at: head, &output)
        }
        part.begin(market, hash: bets.hash(market.id), isLine: markets.isLineMarket(market.id))
        guard let runners = market.runners else { output.counters.messages += 1; return end(part) }
        for element in runners.elements { decode(runner: element, &part, markets, &place, &output) }
        end(part)
    }

    /// An image with a part that could not be read says nothing of what is not in it.
    private mutating func end(_ part: OrderPart) {
        if part.market.isWhole, !part.isDamaged { bets.imageOf(part.marketHash, since: part.start) }
    }

    private mutating func decode(
        runner element: JSONValue, _ part: inout OrderPart, _ markets: borrowing MarketTable,
        _ place: inout MessagePlace, _ output: inout DecodeOutput
    ) {
        let head = place
        place.ordinal += 1
        let runner: OrderRunner
        do throws(Refusal) {
            runner = try reader.runner(element, part.context)
        } catch {
            part.isDamaged = true
            return refuse(error, element, at: head, &output)
        }
        if runner.hasLadders || runner.orders == nil {
            output.counters.messages += 1
            output.counters.unused += 1
        }
        part.begin(runner, hash: bets.hash(runner.key, market: part.marketHash))
        guard let orders = runner.orders else { return end(runner, part) }
        var isDamaged = false
        for element in orders.elements {
            do throws(Refusal) {
                try decode(order: element, part, markets, place, &output)
            } catch {
                isDamaged = true
                refuse(error, element, at: place, &output)
            }
            place.ordinal += 1
        }
        if isDamaged { part.isDamaged = true } else { end(runner, part) }
    }

    private mutating func end(_ runner: OrderRunner, _ part: OrderPart) {
        if runner.isWhole { bets.imageOf(part.runnerHash, since: part.start) }
    }

    private func refuse(
        _ refusal: Refusal, _ element: JSONValue, at place: MessagePlace, _ output: inout DecodeOutput
    ) {
        output.counters.messages += 1
        output.refuse(refusal, element.text, at: place.position, receivedAt: place.receivedAt)
    }

    /// Everything is checked before anything is entered.
    private mutating func decode(
        order element: JSONValue, _ part: OrderPart, _ markets: borrowing MarketTable, _ place: MessagePlace,
        _ output: inout DecodeOutput
    ) throws(Refusal) {
        let order = try reader.order(element, isLine: part.isLine, part.context)
        var terms = try order.terms(isLine: part.isLine)
        let user = part.user(of: order)
        terms.user = bets.hash(user)
        output.counters.messages += 1
        output.counters.rounded += reader.rounded
        var event = part.event(order, terms, at: place.position)
        event.userID = user
        let isNews = bets.enter(
            order, terms, on: (part.marketHash, part.runnerHash), at: place.position,
            identity: { markets.identity(market: part.market.id, runner: part.runner) }
        ) { identity in
            event.identity = identity
            event.selectionKey = markets.key(of: identity)
            output.events.append(event)
        }
        if isNews { output.counters.bets += 1 } else { output.counters.skipped += 1 }
    }
}

extension OrderMessages {
    /// The snapshot that began at `start` is complete. Returns how many bets it left out.
    mutating func endUnseen(since start: Position) -> Int { bets.endUnseen(since: start) }

    func save(to writer: inout CheckpointWriter) { bets.save(to: &writer) }

    /// What `save` wrote, into a new value.
    mutating func restore(from reader: inout CheckpointReader) throws(CheckpointError) {
        try bets.restore(from: &reader)
    }
}

/// Where in a message of orders the decoder is.
private struct OrderPart {
    /// The message's first position.
    let start: Position
    let time: Timestamp?
    let context: RuleContext
    private(set) var market = OrderMarket(id: .empty, account: .empty, isWhole: false, runners: nil)
    private(set) var marketHash: UInt64 = 0
    private(set) var isLine = false
    private(set) var runner = RunnerKey(id: 0, line: 0)
    private(set) var runnerHash: UInt64 = 0
    /// Something in the market's change was refused.
    var isDamaged = false

    init(start: Position, time: Timestamp?, context: RuleContext) {
        self.start = start
        self.time = time
        self.context = context
    }

    mutating func begin(_ market: OrderMarket, hash: UInt64, isLine: Bool) {
        self.market = market
        marketHash = hash
        self.isLine = isLine
        isDamaged = false
    }

    mutating func begin(_ runner: OrderRunner, hash: UInt64) {
        self.runner = runner.key
        runnerHash = hash
    }

    private static let unknownUser = StaticString("unknown")

    /// Whose bet it is: the strategy's, or the account's if it has none.
    func user(of order: Order) -> TextView {
        if !order.strategy.isEmpty { return order.strategy }
        if !market.account.isEmpty { return market.account }
        return TextView(start: Self.unknownUser.utf8Start, count: Self.unknownUser.utf8CodeUnitCount)
    }

    func event(_ order: Order, _ terms: BetTerms, at position: Position) -> BetPlacement {
        var event = BetPlacement()
        event.position = position
        event.sourceTime = time
        event.isSnapshot = context.isSnapshot
        event.status = terms.status
        event.side = terms.side
        event.amount = terms.amount
        event.odd = terms.odd
        event.potentialWin = terms.potentialWin
        event.betID = order.id
        return event
    }
}

extension JSONValue {
    /// The elements of the list that an object has under `key`; none if there is no such list.
    fileprivate func list(_ key: String) -> JSONElements {
        for member in members where member.key.elementsEqual(key.utf8) { return member.value.elements }
        // An object has none.
        return elements
    }
}
