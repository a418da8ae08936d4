import FeedModel

/// What is remembered of a bet: what was told of it last, and where it stands.
struct BetState: Forgettable {
    var terms: BetTerms
    /// Hashes of its market, and of its market and runner.
    var market: UInt64
    var runner: UInt64
    /// Where it was last sent.
    var seen: Position
    /// Complete, or gone from an image.
    var isOver = false
}

extension BetState {
    func save(to writer: inout CheckpointWriter) {
        writer.put(terms.status.rawValue)
        writer.put(terms.side.rawValue)
        writer.put(terms.amount.scaled)
        writer.put(terms.odd.scaled)
        writer.put(terms.potentialWin.scaled)
        writer.put(unsigned: terms.user)
        writer.put(unsigned: market)
        writer.put(unsigned: runner)
        writer.put(seen.rawValue)
        writer.put(isOver)
    }

    init(from reader: inout CheckpointReader) throws(CheckpointError) {
        guard let status = BetStatus(rawValue: try reader.byte("bet status")),
            let side = BetSide(rawValue: try reader.byte("bet side"))
        else { throw .damaged("bet status") }
        terms = BetTerms(
            status: status, side: side, amount: FixedDecimal(scaled: try reader.integer("bet amount")),
            odd: FixedDecimal(scaled: try reader.integer("bet odd")),
            potentialWin: FixedDecimal(scaled: try reader.integer("bet win")), user: try reader.unsigned("bet user"))
        market = try reader.unsigned("bet market")
        runner = try reader.unsigned("bet runner")
        seen = Position(rawValue: try reader.integer("bet position"))
        isOver = try reader.flag("bet")
    }
}
