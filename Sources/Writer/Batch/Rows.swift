/// A row of a dimension table as a batch refers to it: by its key, or, while that is unknown, by the number that the
/// batch's `PendingDimensions` gave it.
struct DimensionRef: Sendable, Hashable {
    /// Above 0 a key of Postgres, which counts from 1; else the pending number, negated.
    let rawValue: Int32

    static func key(_ key: Int32) -> DimensionRef { DimensionRef(rawValue: key) }
    static func pending(_ index: Int) -> DimensionRef { DimensionRef(rawValue: Int32(-index)) }

    var pendingIndex: Int? { rawValue > 0 ? nil : Int(-rawValue) }
}

/// A text in the batch's arena.
struct TextSlice: Sendable, Hashable {
    var start: UInt32
    var length: UInt16

    static let empty = TextSlice(start: 0, length: 0)
}

/// Stands for "none" in the flat rows below: neither a price nor a time that validation lets through.
enum Absent {
    static let value = Int64.min
    static let score = Int32.min
}

/// One selection's price. `entry` is the number of the batch's entry that it came with, which holds feed and receipt.
struct OddsRow: Sendable {
    var position: Int64
    var sourceTime: Int64
    var odd: Int64
    var lay: Int64
    var backSize: Int64
    var laySize: Int64
    var lastTraded: Int64
    var selection: DimensionRef
    var entry: Int32
    var status: UInt8
}

struct BetRow: Sendable {
    var position: Int64
    var sourceTime: Int64
    var amount: Int64
    var odd: Int64
    var potentialWin: Int64
    var selection: DimensionRef
    var fixture: DimensionRef
    var entry: Int32
    var status: UInt8
    var side: UInt8
    var betID: TextSlice
    var userID: TextSlice
    var currency: TextSlice
}

struct FixtureRow: Sendable {
    var position: Int64
    var sourceTime: Int64
    var startTime: Int64
    var homeScore: Int32
    var awayScore: Int32
    var fixture: DimensionRef
    var entry: Int32
    var status: UInt8
    var sportID: TextSlice
    var sport: TextSlice
    var tournamentID: TextSlice
    var tournament: TextSlice
    var homeTeam: TextSlice
    var awayTeam: TextSlice

    /// The texts in the order of the columns.
    var description: [TextSlice] { [sportID, sport, tournamentID, tournament, homeTeam, awayTeam] }
}

struct SettlementRow: Sendable {
    var position: Int64
    var sourceTime: Int64
    var selection: DimensionRef
    var entry: Int32
    var result: UInt8
}

/// A market's own status, when it is news.
struct MarketStatusRow: Sendable {
    var position: Int64
    var market: DimensionRef
    var entry: Int32
    var status: UInt8
}

/// What a market or a selection is called.
struct NameRow: Sendable {
    var position: Int64
    var owner: DimensionRef
    var entry: Int32
    var name: TextSlice
}
