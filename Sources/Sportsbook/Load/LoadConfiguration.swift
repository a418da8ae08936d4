package import FeedModel

/// A stream of numbered odds messages of one size, of which every one can be told from its `seq` alone: made for load, and
/// for tests that look for each number. Any number can be made again, so `resume_after` always works.
package struct LoadConfiguration: Sendable {
    /// What `timestamp` says.
    package enum Times: Sendable {
        /// When it was sent.
        case wall
        /// `start` + `seq` × step: then the whole message is a function of its number.
        case derived(start: Timestamp, step: Duration)
    }

    /// The last number; the server then stays connected and sends heartbeats. Nil never ends.
    package var total: Int64?
    /// Messages a second per connection; nil is as fast as the socket takes them.
    package var rate: Double?
    /// The size of a message, frame header not counted.
    package var messageBytes: Int
    /// Every fixture has eight selections in four markets.
    package var fixtures: Int
    package var times = Times.wall
    /// Whether the snapshot of a first subscription tells the fixtures' names.
    package var announcesFixtures = true
    /// Whether a client that does not resume begins behind what was sent before, as with a real book, and not at 1.
    package var goesOn = false
    /// Nothing is sent before `SportsbookServer.openGate()`.
    package var isGated = false
    /// How often a rate is served.
    package var tick: Duration = .milliseconds(1)

    package init(total: Int64? = nil, rate: Double? = nil, messageBytes: Int = 300, fixtures: Int = 1_024) {
        self.total = total
        self.rate = rate
        self.messageBytes = messageBytes
        self.fixtures = fixtures
    }

    package static let minimumMessageBytes = 240
    /// Messages a second whose counts and intervals can be computed.
    package static let rates = 0.001...10_000_000.0

    package var problems: [String] {
        var problems: [String] = []
        if let total, total < 0 { problems.append("the total must not be negative") }
        if let rate, !Self.rates.contains(rate) { problems.append("rate must be in \(Self.rates), not \(rate)") }
        if !(Self.minimumMessageBytes...60_000).contains(messageBytes) {
            problems.append("message size must be \(Self.minimumMessageBytes) to 60000 bytes, not \(messageBytes)")
        }
        if !(1...99_999).contains(fixtures) { problems.append("fixtures must be 1 to 99999, not \(fixtures)") }
        if tick <= .zero { problems.append("the tick must be above 0") }
        return problems
    }
}

/// What a load message with a certain number says: for tests that compare what arrived.
package struct LoadExpectation: Sendable, Hashable {
    package let fixtureID: String
    package let marketType: String
    package let line: FixedDecimal?
    package let optionID: String
    package let odd: FixedDecimal
}

extension LoadConfiguration {
    /// What the message `sequence` says.
    package func expectation(_ sequence: Int64) -> LoadExpectation {
        let template = Int(sequence % Int64(selections))
        let selection = selection(ofTemplate: template)
        return LoadExpectation(
            fixtureID: fixtureID(ofTemplate: template), marketType: selection.market, line: selection.line,
            optionID: selection.option, odd: FixedDecimal(scaled: Self.scaledOdd(sequence)))
    }

    /// How many selections there are; message n is about selection n modulo this.
    package var selections: Int { fixtures * Self.selections.count }

    struct Selection {
        let market: String
        let line: FixedDecimal?
        let option: String

        init(_ market: String, _ line: Int64?, _ option: String) {
            self.market = market
            self.line = line.map { FixedDecimal(scaled: $0) }
            self.option = option
        }
    }

    static let selections = [
        Selection("1X2", nil, "home"), Selection("1X2", nil, "draw"), Selection("1X2", nil, "away"),
        Selection("totals", 25_000, "over"), Selection("totals", 25_000, "under"),
        Selection("asian_handicap", -5_000, "home"), Selection("asian_handicap", -5_000, "away"),
        Selection("btts", nil, "yes"),
    ]

    /// Neighbours in the stream are about different fixtures, as in a real feed.
    func fixtureID(ofTemplate template: Int) -> String {
        let fixture = template % fixtures
        let digits = String(fixture)
        return "fx-" + String(repeating: "0", count: 5 - digits.utf8.count) + digits
    }

    func selection(ofTemplate template: Int) -> Selection { Self.selections[template / fixtures] }

    /// 1.0001 to 9.9999, always with five digits; neighbours differ.
    static func scaledOdd(_ sequence: Int64) -> Int64 { oddBase + sequence % oddSpan * oddStep % oddSpan }

    static let oddBase: Int64 = 10_001
    static let oddSpan: Int64 = 89_999
    static let oddStep: Int64 = 7_919
}
