import FeedModel
import Testing

@testable import Processor

@Suite struct BetfairOrderTests {
    private func order(_ id: String = "b1", _ changes: KeyValuePairs<String, String?> = [:]) -> String {
        var fields: [(key: String, value: String)] = [
            ("id", "\"\(id)\""), ("p", "2.5"), ("s", "10"), ("side", "\"B\""), ("status", "\"E\""), ("pt", "\"L\""),
            ("ot", "\"L\""), ("pd", "1763719190000"), ("sm", "0"), ("sr", "10"), ("sl", "0"), ("sc", "0"), ("sv", "0"),
            ("rac", "\"\""), ("rc", "\"REG\""), ("rfo", "\"o\""), ("rfs", "\"strategy\""),
        ]
        for (key, value) in changes {
            fields.removeAll { $0.key == key }
            if let value { fields.append((key, value)) }
        }
        return "{" + fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private func runner(_ orders: String..., id: Int = 7, more: String = "") -> String {
        "{\"id\":\(id),\(more)\"uo\":[\(orders.joined(separator: ","))]}"
    }

    private func market(_ runners: String..., id: String = "1.5", more: String = "") -> String {
        "{\"id\":\"\(id)\",\(more)\"orc\":[\(runners.joined(separator: ","))]}"
    }

    private func frame(_ markets: String..., more: String = "") -> String {
        #"{"op":"ocm","id":2,"clk":"A",\#(more)"pt":1763719199000,"oc":[\#(markets.joined(separator: ","))]}"#
    }

    private func decimals(_ texts: String...) -> [FixedDecimal] { texts.compactMap { FixedDecimal($0) } }

    // MARK: What is told

    @Test func aPlacedBet() throws {
        let outcome = try DecoderBench.betfair().decode(frame(market(runner(order()))))
        let bet = try #require(outcome.bets.first)
        #expect(outcome.events.count == 1 && outcome.letters.isEmpty)
        #expect(bet.status == .placed && bet.side == .back)
        #expect(bet.amounts == decimals("10", "2.5", "25"))
        #expect(bet.texts == ["b1", "strategy", ""])
        #expect(bet.selection.fixture == "1.5" && bet.selection.market == "1.5" && bet.selection.type == "unknown")
        #expect(bet.selection.option == "7" && bet.selection.line == nil)
        #expect(outcome.counters.messages == 1 && outcome.counters.bets == 1)
    }

    /// Placed, matched in parts, cancelled for the rest: after the first match a bet is what it got.
    @Test func theLifeOfABet() throws {
        let bench = try DecoderBench.betfair()
        let states = [
            order(), order("b1", ["sm": "4", "sr": "6", "avp": "2.6"]),
            order("b1", ["sm": "7.5", "sr": "2.5", "avp": "2.58"]),
            order("b1", ["sm": "7.5", "sr": "0", "sc": "2.5", "avp": "2.58", "status": "\"EC\""]),
        ]
        let bets = try states.flatMap { try bench.decode(frame(market(runner($0)))).bets }
        // The end of what is left changes nothing of what was matched.
        #expect(bets.map(\.status) == [.placed, .accepted, .accepted])
        #expect(
            bets.map(\.amounts) == [
                decimals("10", "2.5", "25"), decimals("4", "2.6", "10.4"), decimals("7.5", "2.58", "19.35"),
            ])
    }

    @Test func layMatchedVoidedCancelledAndLapsed() throws {
        let outcome = try DecoderBench.betfair().decode(
            frame(
                market(
                    runner(
                        order("lay", ["side": "\"L\"", "sm": "10", "sr": "0", "status": "\"EC\"", "rfs": nil]),
                        order("void", ["sr": "0", "sc": "4", "sv": "6", "status": "\"EC\""]),
                        order("part", ["sm": "4", "sr": "0", "sv": "6", "status": "\"EC\""]),
                        order("cancel", ["sr": "0", "sc": "10", "status": "\"EC\"", "sv": nil]),
                        order("lapse", ["sr": "0", "sl": "10", "status": "\"EC\""]),
                        order("rest", ["sr": "3", "sc": "7"])))))
        #expect(outcome.bets.map(\.texts[0]) == ["lay", "void", "part", "cancel", "lapse", "rest"])
        #expect(outcome.bets.map(\.status) == [.accepted, .void, .accepted, .rejected, .rejected, .placed])
        #expect(outcome.bets.map(\.side) == [.lay, .back, .back, .back, .back, .back])
        #expect(outcome.bets.map(\.amounts[0]) == decimals("10", "6", "4", "10", "10", "3"))
        #expect(Set(outcome.bets.map(\.position)).count == 6, "each bet has a place of its own")
    }

    @Test func ordersAtTheStartingPriceAreLiabilities() throws {
        let bench = try DecoderBench.betfair()
        let atStart: KeyValuePairs<String, String?> = ["ot": "\"MOC\"", "p": "0", "s": "0", "sr": "0", "bsp": "30"]
        let placed = try bench.decode(frame(market(runner(order("b1", atStart)))))
        #expect(placed.bets.map(\.amounts) == [decimals("30", "0", "0")])
        let matched: KeyValuePairs<String, String?> = [
            "ot": "\"MOC\"", "p": nil, "s": "30", "sm": "30", "sr": "0", "bsp": "30", "avp": "4.2", "status": "\"EC\"",
        ]
        let outcome = try bench.decode(frame(market(runner(order("b1", matched)))))
        #expect(outcome.bets.map(\.amounts) == [decimals("30", "4.2", "126")])
        #expect(outcome.bets.map(\.status) == [.accepted])
    }

    @Test func whoseBetItIs() throws {
        let outcome = try DecoderBench.betfair().decode(
            frame(
                market(runner(order("a"), order("b", ["rfs": "\"\""])), more: "\"accountId\":1234567,"),
                market(runner(order("c", ["rfs": nil, "rfo": nil])), id: "1.6")))
        #expect(outcome.bets.map(\.texts[1]) == ["strategy", "1234567", "unknown"])
    }

    /// A bet stands on the selection whose prices the feed has; it keeps the name that it was told by first.
    @Test func selectionsAreThoseOfThePrices() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(market(runner(order("early")))))
        let prices = try bench.decode(
            """
            {"op":"mcm","pt":1763719199000,"mc":[{"id":"1.5","marketDefinition":{"eventId":"ev","marketType":"WIN",
            "status":"OPEN","runners":[{"id":7,"hc":-1.5,"status":"ACTIVE"}]}}]}
            """)
        let handicap = "\"hc\":-1.5,"
        let outcome = try bench.decode(
            frame(market(runner(order("late"), more: handicap), runner(order("early", ["sr": "5"])))))
        #expect(outcome.bets.first?.selection == prices.odds.first?.selection)
        #expect(outcome.bets.first?.selection.line == FixedDecimal("-1.5"))
        #expect(outcome.bets.last?.selection.fixture == "1.5")
    }

    @Test func pricesOfLineMarketsAreNoOdds() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(
            """
            {"op":"mcm","pt":1763719199000,"mc":[{"id":"1.5","marketDefinition":{"eventId":"ev","bettingType":"LINE",
            "status":"OPEN","runners":[{"id":7,"status":"ACTIVE"}]}}]}
            """)
        let outcome = try bench.decode(frame(market(runner(order("b1", ["p": "0.5", "avp": "251.5"])))))
        #expect(outcome.bets.map(\.amounts) == [decimals("10", "2", "20")] && outcome.letters.isEmpty)
    }

    // MARK: What is not told again

    @Test func whatIsKnownIsNotTold() throws {
        let bench = try DecoderBench.betfair()
        let complete = order("b1", ["sm": "10", "sr": "0", "avp": "2.5", "status": "\"EC\""])
        try bench.decode(frame(market(runner(complete))))
        let again = try bench.decode(
            frame(market(runner(complete, complete))), frame(market(runner(complete)), more: "\"ct\":\"SUB_IMAGE\","))
        #expect(again.events.isEmpty && again.counters.skipped == 3 && again.counters.messages == 3)
        let voided = try bench.decode(
            frame(market(runner(order("b1", ["sr": "0", "sv": "10", "status": "\"EC\""])))))
        #expect(voided.bets.map(\.status) == [.void], "a correction is news")
    }

    @Test func matchedLaddersAreNotUsed() throws {
        let outcome = try DecoderBench.betfair().decode(
            frame(
                market(
                    "{\"id\":7,\"fullImage\":true,\"mb\":[[2,5]]}",
                    "{\"id\":8,\"smc\":{\"s\":{\"ml\":[[2,5]]}},\"uo\":[]}",
                    runner(order(), more: "\"ml\":[[2,0]],"))))
        #expect(outcome.counters.unused == 3 && outcome.bets.count == 1 && outcome.letters.isEmpty)
    }

    // MARK: Images

    /// What an image leaves out is no longer followed, and nothing is told of it; it may come back.
    @Test(arguments: ["\"fullImage\":true,", "\"closed\":true,", "\"fullImage\":true,\"closed\":true,"])
    func anImageOfAMarketEndsWhatIsNotInIt(_ image: String) throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(
            frame(market(runner(order("b1"), order("b2"))), market(runner(order("b3")), id: "1.6")))
        let outcome = try bench.decode(frame(market(runner(order("b1")), more: image)))
        #expect(outcome.events.isEmpty && outcome.counters.closed == 1)
        let none = try bench.decode(frame("{\(image)\"id\":\"1.5\"}"))
        #expect(none.events.isEmpty && none.counters.closed == 1)
        let back = try bench.decode(frame(market(runner(order("b2"), order("b1", ["sr": "9"])))))
        #expect(back.bets.map(\.texts[0]) == ["b1"], "b2 is as it was told")
        #expect(try bench.decode(frame("{\(image)\"id\":\"1.5\"}")).counters.closed == 2)
    }

    /// Entries hold many frames; an image ends what was told before it in the same one, and nothing that comes after it.
    @Test func imagesOfOneEntryStandWhereTheyStand() throws {
        let bench = try DecoderBench.betfair()
        let image = market(runner(order("b1")), more: "\"fullImage\":true,")
        let outcome = try bench.decode(
            frame(market(runner(order("b1"), order("b2")))), frame(image), frame(market(runner(order("b3")))))
        #expect(outcome.bets.map(\.texts[0]) == ["b1", "b2", "b3"] && outcome.counters.closed == 1)
        let next = try bench.decode(frame(market(runner(order("b4")), more: "\"fullImage\":true,")))
        #expect(next.counters.closed == 2, "b1 and b3")
    }

    @Test func anImageOfARunnerLeavesTheOthersAlone() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(market(runner(order("b1"), order("b2")), runner(order("b3"), id: 8))))
        let outcome = try bench.decode(frame(market(runner(order("b2"), more: "\"fullImage\":true,"))))
        #expect(outcome.events.isEmpty && outcome.counters.closed == 1)
    }

    @Test func completeBetsMayVanish() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(
            frame(market(runner(order("b1", ["sr": "0", "sc": "10", "status": "\"EC\""]), order("b2")))))
        let outcome = try bench.decode(frame(market(runner(order("b2")), more: "\"fullImage\":true,")))
        #expect(outcome.events.isEmpty && outcome.counters.closed == 0)
    }

    @Test func aDamagedImageEndsNothing() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(market(runner(order("b1"), order("b2")))))
        let bad = order("b2", ["side": "\"X\""])
        for image in [
            market(runner(order("b1"), bad, more: "\"fullImage\":true,"), more: "\"fullImage\":true,"),
            market("{\"id\":\"x\"}", more: "\"fullImage\":true,"),
        ] {
            let outcome = try bench.decode(frame(image))
            #expect(outcome.letters.count == 1 && outcome.counters.closed == 0)
        }
    }

    /// An image of all orders, in segments, within a snapshot. Markets are not part of it.
    @Test func aSnapshotOfOrdersEndsBetsAndNoMarkets() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(
            #"{"op":"mcm","pt":1763719199000,"mc":[{"id":"1.9","rc":[{"id":1,"atb":[[2,10]]}]}]}"#,
            frame(market(runner(order("b1"), order("b2"))), market(runner(order("b3")), id: "1.6")))
        try bench.apply(.snapshotBegan)
        let image = "\"ct\":\"SUB_IMAGE\",\"segmentType\":"
        let first = try bench.decode(frame(market(runner(order("b1"))), more: image + "\"SEG_START\","))
        let second = try bench.decode(frame(market(runner(order("b4")), id: "1.7"), more: image + "\"SEG\","))
        let third = try bench.decode(
            frame(market(runner(order("b2", ["sr": "8"]))), more: image + "\"SEG_END\","))
        #expect(first.events.isEmpty && second.bets.map(\.texts[0]) == ["b4"] && third.bets.map(\.texts[0]) == ["b2"])
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.events.isEmpty && outcome.counters.closed == 1, "b3 is gone, the market is not")
    }

    /// An empty account has an empty image.
    @Test func aSnapshotOfMarketsEndsNoBets() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(
            #"{"op":"mcm","pt":1763719199000,"mc":[{"id":"1.9","rc":[{"id":1,"atb":[[2,10]]}]}]}"#,
            frame(market(runner(order("b1")))))
        try bench.apply(.snapshotBegan)
        try bench.decode(#"{"op":"mcm","ct":"SUB_IMAGE","pt":1763719199000}"#)
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.odds.map(\.status) == [.closed] && outcome.counters.closed == 1)
        try bench.apply(.snapshotBegan)
        try bench.decode(#"{"op":"ocm","ct":"SUB_IMAGE","pt":1763719199000}"#)
        #expect(try bench.apply(.snapshotEnded).counters.closed == 1)
    }

    @Test func aResumedStreamBringsPatches() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(market(runner(order("b1"), order("b2")))))
        let patch = try bench.decode(
            frame(market(runner(order("b2", ["sr": "5"]))), more: "\"ct\":\"RESUB_DELTA\","))
        #expect(patch.bets.map(\.texts[0]) == ["b2"] && patch.counters.closed == 0)
        let image = try bench.decode(
            frame(market(runner(order("b2")), more: "\"fullImage\":true,"), more: "\"ct\":\"RESUB_DELTA\","))
        #expect(image.bets.map(\.amounts[0]) == decimals("10") && image.counters.closed == 1)
    }

    // MARK: What is refused

    static let bad: [(changes: KeyValuePairs<String, String?>, reason: DeadLetterReason, detail: String)] = [
        (["id": nil], .missingField, "id"), (["id": "\"\""], .badValue, "id"), (["id": "[1]"], .badValue, "id"),
        (["side": nil], .missingField, "side"), (["side": "\"X\""], .badValue, "side"),
        (["status": "\"DONE\""], .badValue, "status"), (["status": "null"], .missingField, "status"),
        (["p": "1"], .badValue, "p"), (["p": "-2"], .badValue, "p"), (["p": nil], .missingField, "p"),
        (["p": "0"], .missingField, "p"), (["p": "\"x\""], .badValue, "p"), (["avp": "0.9"], .badValue, "avp"),
        (["s": nil], .missingField, "s"), (["s": "-1"], .badValue, "s"), (["sm": nil], .missingField, "sm"),
        (["sm": "-1"], .badValue, "sm"), (["sr": nil], .missingField, "sr"), (["sv": "-0.5"], .badValue, "sv"),
        (["bsp": "{}"], .badValue, "bsp"), (["ot": "\"FOK\""], .badValue, "ot"), (["rfs": "[]"], .badValue, "rfs"),
        (["rfs": "\"a\\u0007b\""], .badValue, "rfs"), (["sr": "900000000000000"], .badValue, "s"),
    ]

    @Test(arguments: bad.indices) func aBadOrderCostsOnlyItself(_ index: Int) throws {
        let (changes, reason, detail) = Self.bad[index]
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(market(runner(order("b1")))))
        let before = bench.decoder.checkpoint()
        let refused = try bench.decode(frame(market(runner(order("b1", changes)))))
        #expect(refused.reasons == [reason] && refused.events.isEmpty)
        #expect(refused.letters.first?.detail.hasPrefix(detail) == true, "\(refused.letters.map(\.detail))")
        #expect(bench.decoder.checkpoint() == before, "it leaves nothing but its letter")
        let bad = order("b1", changes)
        let between = try bench.decode(
            frame(
                market(runner(order("b2"), bad, order("b3")), runner(bad, id: 8)),
                market(runner(order("b4")), id: "1.6")))
        #expect(between.bets.map(\.texts[0]) == ["b2", "b3", "b4"])
        #expect(between.reasons == [reason, reason])
        #expect(between.letters.map(\.payload) == [Array(bad.utf8), Array(bad.utf8)])
        let places = (between.bets.map(\.position) + between.letters.map(\.position)).sorted()
        #expect(Set(places).count == 5)
        #expect(between.letters.map(\.position).sorted() == between.letters.map(\.position))
    }

    @Test func badMarketsRunnersAndMessages() throws {
        let bench = try DecoderBench.betfair()
        let good = market(runner(order("b9")), id: "1.9")
        let parts: [(String, DeadLetterReason)] = [
            ("7", .badValue), ("{\"orc\":[\(runner(order()))]}", .missingField),
            (market(runner(order()), more: "\"fullImage\":1,"), .badValue), ("{\"id\":\"1.5\",\"orc\":{}}", .badValue),
            (market("[]"), .badValue), (market("{\"id\":\"x\",\"uo\":[\(order())]}"), .badValue),
            (market("{\"id\":7,\"uo\":{}}"), .badValue), (market(runner("3")), .badValue),
            (market(runner(order(), more: "\"hc\":\"x\",")), .badValue),
            (market(runner(order(), more: "\"id\":8,")), .malformedJSON),
        ]
        for (index, (part, reason)) in parts.enumerated() {
            let size = index % 2 == 0 ? "10" : "9"
            let next = good.replacing("\"sr\":10", with: "\"sr\":\(size)")
            let outcome = try bench.decode(frame(part, next))
            #expect(outcome.reasons == [reason] && outcome.bets.map(\.texts[0]) == ["b9"], "\(part)")
        }
        let whole = try bench.decode(
            #"{"op":"ocm","oc":[]}"#, #"{"op":"ocm","pt":1,"oc":[]}"#, #"{"op":"ocm","pt":1763719199000,"oc":{}}"#)
        #expect(whole.reasons == [.missingField, .badValue, .badValue])
        let fine = try bench.decode(
            #"{"op":"ocm","pt":1763719199000,"ct":"HEARTBEAT","status":503}"#,
            #"{"op":"ocm","pt":1763719199000,"oc":[]}"#)
        #expect(fine.letters.isEmpty && fine.events.isEmpty && fine.counters.session == 1)
    }

    @Test func aListOfMessagesHasAPlaceForEachOrder() throws {
        let bench = try DecoderBench.betfair()
        let first = frame(market(runner(order("b1"), order("b2", ["p": nil]), order("b3"))))
        let outcome = try bench.decode("[\(first),{\"op\":\"zcm\"},\(frame(market(runner(order("b4")), id: "1.6")))]")
        #expect(outcome.bets.map(\.texts[0]) == ["b1", "b3", "b4"])
        #expect(outcome.reasons == [.missingField, .unknownType])
        let places = outcome.bets.map(\.position) + outcome.letters.map(\.position)
        #expect(Set(places).count == 5)
    }

    @Test func tooManyOrdersAreRefused() throws {
        let bench = try DecoderBench.betfair()
        let most = Position.messagesPerFrame - 2
        func message(_ count: Int) -> String {
            let orders = (0..<count).map { order("b\($0)") }.joined(separator: ",")
            return frame(market("{\"id\":7,\"uo\":[\(orders)]}"))
        }
        let refused = try bench.decode(message(most + 1), "[\(message(most)),\(frame(market(runner(order()))))]")
        #expect(refused.reasons == [.tooLarge, .tooLarge] && refused.events.isEmpty)
        #expect(try bench.decode(message(most)).bets.count == most)
    }

    // MARK: Bounds and checkpoints

    @Test func forgetsBetsThatAreOverFirst() throws {
        let feed = try DecoderBench.feed()
        var table = BetTable(feed: feed, maximum: 8)
        func enter(_ id: String, isComplete: Bool, at use: Int64) throws -> Bool {
            var sent = Order()
            sent.isComplete = isComplete
            table.use = use
            return try Array(id.utf8).withUnsafeBytes { id in
                sent.id = id
                return table.enter(
                    sent, try sent.terms(isLine: false), on: (1, 2), at: Position(rawValue: use), identity: { [1] },
                    { _ in })
            }
        }
        for index in 0..<8 { #expect(try enter("b\(index)", isComplete: index == 5, at: Int64(index))) }
        #expect(table.takeEvictions() == 0)
        #expect(try enter("new", isComplete: false, at: 9))
        #expect(table.takeEvictions() == 1 && table.takeEvictions() == 0)
        for index in 0..<8 where index != 5 {
            #expect(try !enter("b\(index)", isComplete: false, at: 10), "b\(index) is remembered")
        }
        #expect(try enter("b5", isComplete: true, at: 11), "the one that was over is not")
        #expect(table.takeEvictions() == 1)
        // For b5 the new one had to go: it was sent longest ago. For the next, b5 goes.
        #expect(try !enter("b0", isComplete: false, at: 12))
        #expect(try enter("new", isComplete: false, at: 13) && !enter("b0", isComplete: false, at: 14))
    }

    @Test func evictionsAreCounted() throws {
        let bench = try DecoderBench.betfair()
        var evicted = 0
        for start in stride(from: 0, to: OrderMessages.maximumBets + 100, by: 4_000) {
            let count = min(4_000, OrderMessages.maximumBets + 100 - start)
            let orders = (start..<(start + count)).map { order("b\($0)") }.joined(separator: ",")
            let outcome = try bench.decode(frame(market("{\"id\":7,\"uo\":[\(orders)]}")))
            #expect(outcome.bets.count == count)
            evicted += outcome.counters.evicted
        }
        #expect(evicted == 100)
    }

    @Test func aCheckpointOfTheVersionWithoutOrdersIsRead() throws {
        let bench = try DecoderBench.betfair()
        let prices = #"{"op":"mcm","pt":1763719199000,"mc":[{"id":"1.1","rc":[{"id":1,"atb":[[2,10]]}]}]}"#
        try bench.decode(prices)
        var checkpoint = bench.decoder.checkpoint()
        #expect(checkpoint.first == 2)
        // Position and two flags of the snapshot, and a table of no bets: its size and its hand.
        checkpoint.removeLast(5)
        checkpoint[0] = 1
        let restored = DecoderBench(try BetfairDecoder(feed: DecoderBench.feed(), restoring: checkpoint))
        #expect(restored.decoder.checkpoint() == bench.decoder.checkpoint())
        #expect(try restored.decode(prices).events.isEmpty, "the market is known")
        #expect(try restored.decode(frame(market(runner(order())))).bets.count == 1)
    }

    @Test func aCheckpointKnowsBetsImagesAndSnapshots() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(market(runner(order("b1"), order("b2", ["side": "\"L\""])))))
        try bench.apply(.snapshotBegan)
        try bench.decode(frame(market(runner(order("b2", ["side": "\"L\""]))), more: "\"ct\":\"SUB_IMAGE\","))
        let copy = try bench.restored()
        for bench in [bench, copy] {
            #expect(try bench.apply(.snapshotEnded).counters.closed == 1)
            let again = try bench.decode(frame(market(runner(order("b1"), order("b2", ["side": "\"L\""])))))
            #expect(again.events.isEmpty && again.counters.skipped == 2)
        }
        #expect(bench.decoder.checkpoint() == copy.decoder.checkpoint())
    }

    @Test func aCheckpointKnowsWhichBetsAreOver() throws {
        let bench = try DecoderBench.betfair()
        let complete = order("b1", ["sr": "0", "sc": "10", "status": "\"EC\""])
        try bench.decode(frame(market(runner(complete, order("b2")))))
        let copy = try bench.restored()
        let image = frame("{\"id\":\"1.5\",\"fullImage\":true}")
        #expect(try bench.decode(image).counters.closed == 1)
        #expect(try copy.decode(image).counters.closed == 1, "b1 was over before")
    }

    /// Against a model that keeps nothing but the last state of each bet.
    @Test(arguments: 0..<40 as Range<UInt64>) func randomOrdersAreToldOnce(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bench = try DecoderBench.betfair()
        var told: [Int: (status: BetStatus, amount: Int)] = [:]
        for step in 0..<60 {
            let orders = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                RandomOrders.Order(using: &generator)
            }
            let outcome = try bench.decode([RandomOrders.frame(orders, using: &generator)])
            var expected: [String] = []
            for order in orders where order.isGood {
                let terms = order.terms
                if let last = told[order.id], last == terms { continue }
                told[order.id] = terms
                expected.append("b\(order.id) \(terms.status) \(order.isLay ? BetSide.lay : .back) \(terms.amount)")
            }
            #expect(
                outcome.bets.map { "\($0.texts[0]) \($0.status) \($0.side) \($0.amounts[0])" } == expected,
                "step \(step)")
            #expect(outcome.letters.count == orders.count { !$0.isGood })
            if step % 20 == 10 { bench = try bench.restored() }
        }
    }
}
