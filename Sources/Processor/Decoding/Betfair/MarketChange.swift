import FeedModel

/// One market's change as it was sent, checked, before anything is made of it. The texts are views into the frame.
///
/// Read completely before a market is touched: a bad value refuses the change and leaves the market as it was.
struct MarketChange {
    var id = TextView.empty
    /// Everything known of the market's prices is to be thrown away first.
    var isImage = false
    var definition: Definition?
    var definedRunners: [DefinedRunner] = []
    var runners: [RunnerChange] = []
    var levels: [LevelChange] = []
    /// Decimals with digits beyond 10⁻⁴.
    var rounded = 0

    struct Definition {
        var eventID = TextView.empty
        var eventTypeID = TextView.empty
        var eventName = TextView.empty
        var name = TextView.empty
        var marketType = TextView.empty
        var startTime: Timestamp?
        var status = MarketStatus.unknown
        var isInPlay = false
        var winners = 1
        /// Prices are decimal odds of the runners; of a line market they are the line.
        var hasOdds = true
        /// The runners are the outcomes of one question, so that their probabilities add up.
        var isWholeBook = true
    }

    struct DefinedRunner {
        var key = RunnerKey(id: 0, line: 0)
        var status = RunnerStatus.unknown
        var name = TextView.empty
    }

    struct RunnerChange {
        var key = RunnerKey(id: 0, line: 0)
        var lastTraded: FixedDecimal?
        var volume: FixedDecimal?
        /// Its part of `levels`.
        var levels = 0..<0
    }

    /// A price level that is set, or deleted with size 0.
    struct LevelChange {
        var side: BookSide
        /// Of a ladder by position: 0 is the best. −1 in a ladder by price.
        var level: Int
        var price: FixedDecimal
        var size: FixedDecimal
    }

    mutating func reset() {
        id = .empty
        isImage = false
        definition = nil
        definedRunners.removeAll(keepingCapacity: true)
        runners.removeAll(keepingCapacity: true)
        levels.removeAll(keepingCapacity: true)
        rounded = 0
    }
}

/// What names a runner within its market: the same runner occurs once for each line.
struct RunnerKey: Hashable {
    let id: Int64
    /// Handicap × 10⁴.
    let line: Int64

    /// Nil for none, which is 0.
    var handicap: FixedDecimal? { line == 0 ? nil : FixedDecimal(scaled: line) }
}

/// The six ladders of a runner.
enum BookSide: Int, CaseIterable {
    /// All prices to back and to lay.
    case fullBack, fullLay
    /// The best few, by position; then the same with bets that other runners' bets amount to.
    case bestBack, bestLay, displayBack, displayLay

    var isByPosition: Bool { rawValue >= BookSide.bestBack.rawValue }
}
