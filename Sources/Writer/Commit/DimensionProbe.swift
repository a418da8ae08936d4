import FeedModel
import PostgresCopy

/// Two plain rows of each dimension with all that is ever written there: two, because a unique key that somebody added refuses
/// only the second.
struct DimensionProbe {
    let feedID: Int16
    let position: Int64
    let time: Int64

    struct Keys {
        let fixtures: [Int32]
        let selections: [Int32]
    }

    /// No provider calls anything so.
    private static let names = ["touchline probe 1", "touchline probe 2"]

    /// Makes the rows and moves their state. Throws the refusal of the first table that does not take them; rolling back is
    /// the caller's.
    func run(_ session: borrowing PostgresSession) throws -> Keys {
        let names = PostgresValue.texts(Self.names)
        let feeds = PostgresValue.int16s([feedID, feedID])
        let fixtures = try keys(
            "fixtures", Statement.insertFixtures, [feeds, names, .timestamptzs([time, time])],
            Statement.findFixtures, [feeds, names], session)
        // Of one fixture, as most are.
        let parents = PostgresValue.int32s([fixtures[0], fixtures[0]])
        let markets = try keys(
            "markets", Statement.insertMarkets, [parents, names, .texts([Self.names[0], Self.names[0]])],
            Statement.findMarkets, [parents, names], session)
        let market = PostgresValue.int32s([markets[0], markets[0]])
        let lines = PostgresValue.numerics(scaled: [nil, Self.line])
        // An option with and without a line.
        let options = PostgresValue.texts([Self.names[0], Self.names[0]])
        let selections = try keys(
            "selections", Statement.insertSelections, [market, options, lines],
            Statement.findSelections, [market, options, lines], session)
        try move(fixtures, markets, selections, session)
        return Keys(fixtures: fixtures, selections: selections)
    }

    private static let line: Int64 = 25_000

    private func keys(
        _ table: String, _ insert: String, _ new: [PostgresValue], _ find: String, _ wanted: [PostgresValue],
        _ session: borrowing PostgresSession
    ) throws -> [Int32] {
        var keys: [Int32] = [0, 0]
        try SchemaRefusal.naming(table) {
            _ = try session.query(insert, new)
            let rows = try session.query(find, [.int32s([0, 1])] + wanted)
            for row in 0..<rows.count {
                guard let number = rows.int32(row, 0), let key = rows.int32(row, 1) else { continue }
                keys[Int(number)] = key
            }
        }
        guard !keys.contains(0) else {
            throw PostgresError.unexpectedResult("a row that was just inserted into \(table) is not there")
        }
        return keys
    }

    private func move(
        _ fixtures: [Int32], _ markets: [Int32], _ selections: [Int32], _ session: borrowing PostgresSession
    ) throws {
        let positions = PostgresValue.int64s([position, position])
        let texts = PostgresValue.texts([Self.names[0], Self.names[0]])
        let times = PostgresValue.timestamptzs([time, time])
        func update(_ table: String, _ sql: String, _ values: [PostgresValue]) throws {
            try SchemaRefusal.naming(table) { _ = try session.query(sql, values) }
        }
        let live = Int16(FixtureStatus.live.rawValue)
        let scores = PostgresValue.int32s([0, 0])
        try update(
            "fixtures", Statement.updateFixtures(.newer),
            [.int32s(fixtures), positions, .int16s([live, live]), scores, scores, times, times]
                + [PostgresValue](repeating: texts, count: 6))
        let open = Int16(OddsStatus.open.rawValue)
        try update(
            "markets", Statement.updateMarketStatuses(.newer), [.int32s(markets), positions, .int16s([open, open])])
        try update("markets", Statement.updateMarketNames(.newer), [.int32s(markets), positions, texts])
        let won = Int16(SettlementResult.won.rawValue)
        try update(
            "selections", Statement.updateResults(.newer), [.int32s(selections), positions, .int16s([won, won])])
        try update("selections", Statement.updateSelectionNames(.newer), [.int32s(selections), positions, texts])
    }
}
