import FeedModel

/// What of a lane a subscriber sees, and how it is written. Frames are encoded once per lane and projection.
struct Projection: Hashable, Sendable {
    enum Rows: Hashable, Sendable {
        case all
        /// Only rows of these market types; sorted.
        case markets([String])
        /// Only the fixture: the `fixtures` channel.
        case none
    }

    let format: OddsFormat
    let rows: Rows
    /// Tells a connection's projections of one lane apart; nil for the plain one, which needs no name.
    let tag: String?

    init(format: OddsFormat, rows: Rows) {
        self.format = format
        self.rows = rows
        tag = Self.tag(format, rows)
    }

    static let plain = Projection(format: .decimal, rows: .all)

    func includes(marketType: String) -> Bool {
        switch rows {
        case .all: true
        case .markets(let types): types.contains(marketType)
        case .none: false
        }
    }

    /// The same format without its market filter: what serves when a lane has too many projections.
    var unfiltered: Projection { Projection(format: format, rows: .all) }

    private static func tag(_ format: OddsFormat, _ rows: Rows) -> String? {
        switch (format, rows) {
        case (.decimal, .all): return nil
        case (_, .all): return format.rawValue
        case (_, .none): return "fixtures"
        case (_, .markets(let types)):
            let text = Array(([format.rawValue] + types).joined(separator: "\u{0}").utf8)
            let hash = text.withUnsafeBytes { StableHash.hash($0, seed: 0) }
            let digits = String(UInt32(truncatingIfNeeded: hash), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
    }

    static func == (left: Projection, right: Projection) -> Bool {
        left.format == right.format && left.rows == right.rows
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(format)
        hasher.combine(rows)
    }
}
