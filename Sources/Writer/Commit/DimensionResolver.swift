import FeedModel
import PostgresCopy

/// Finds or makes, within the transaction, the keys that the cache did not know: fixtures, then their markets, then the
/// markets' selections, each looked up in one statement and what is missing inserted in another, sorted by key.
///
/// Only what a row that is written refers to: nothing of a refused message stays behind.
struct DimensionResolver {
    let batch: WriteBatch
    let filter: RowFilter

    func resolve(
        _ known: ResolvedDimensions, _ session: borrowing PostgresSession
    ) throws -> ResolvedDimensions {
        var resolved = known
        let needed = Needed(batch, filter)
        try fixtures(needed, &resolved, session)
        try markets(needed, &resolved, session)
        try selections(needed, &resolved, session)
        return resolved
    }

    private func fixtures(
        _ needed: Needed, _ resolved: inout ResolvedDimensions, _ session: borrowing PostgresSession
    ) throws {
        let rows = batch.pending.fixtures
        try find(needed.fixtures, &resolved.fixtures, session) { missing in
            Lookup(
                find: PostgresStatement(
                    Statement.findFixtures,
                    [
                        .int32s(missing.map { Int32($0) }), .int16s(missing.map { rows[$0].feedID }),
                        .texts(missing.map { batch.string(rows[$0].id) }),
                    ]),
                insert: PostgresStatement(
                    Statement.insertFixtures,
                    [
                        .int16s(missing.map { rows[$0].feedID }), .texts(missing.map { batch.string(rows[$0].id) }),
                        .timestamptzs(missing.map { rows[$0].receivedAt }),
                    ]))
        }
    }

    private func markets(
        _ needed: Needed, _ resolved: inout ResolvedDimensions, _ session: borrowing PostgresSession
    ) throws {
        let rows = batch.pending.markets
        let parents = resolved
        try find(needed.markets, &resolved.markets, session) { missing in
            let fixtures = PostgresValue.int32s(missing.map { parents.fixture(rows[$0].fixture) })
            let ids = PostgresValue.texts(missing.map { batch.string(rows[$0].id) })
            return Lookup(
                find: PostgresStatement(Statement.findMarkets, [.int32s(missing.map { Int32($0) }), fixtures, ids]),
                insert: PostgresStatement(
                    Statement.insertMarkets, [fixtures, ids, .texts(missing.map { batch.string(rows[$0].type) })]))
        }
    }

    private func selections(
        _ needed: Needed, _ resolved: inout ResolvedDimensions, _ session: borrowing PostgresSession
    ) throws {
        let rows = batch.pending.selections
        let parents = resolved
        try find(needed.selections, &resolved.selections, session) { missing in
            let markets = PostgresValue.int32s(missing.map { parents.market(rows[$0].market) })
            let details = batch.arena.withUnsafeBytes { arena in
                missing.map { index in
                    let identity = SelectionIdentity(viewing: arena.text(rows[index].identity))
                    return (option: identity.optionID.string, line: identity.line?.scaled)
                }
            }
            let options = PostgresValue.texts(details.map(\.option))
            let lines = PostgresValue.numerics(scaled: details.map(\.line))
            return Lookup(
                find: PostgresStatement(
                    Statement.findSelections, [.int32s(missing.map { Int32($0) }), markets, options, lines]),
                insert: PostgresStatement(Statement.insertSelections, [markets, options, lines]))
        }
    }

    private struct Lookup {
        let find: PostgresStatement
        let insert: PostgresStatement
    }

    /// Looks `wanted` up, inserts what is not there and looks that up again: what another writer inserted meanwhile is
    /// found
    /// then, because the INSERT has waited for its COMMIT.
    private func find(
        _ wanted: [Int], _ keys: inout [Int32], _ session: borrowing PostgresSession, _ lookup: ([Int]) -> Lookup
    ) throws {
        var missing = wanted.filter { keys[$0] == 0 }
        guard !missing.isEmpty else { return }
        try read(try session.query(lookup(missing).find), into: &keys)
        missing.removeAll { keys[$0] != 0 }
        guard !missing.isEmpty else { return }
        let again = lookup(missing)
        var found = keys
        try session.pipeline([again.insert, again.find]) { index, answer in
            if index == 1 { try read(answer, into: &found) }
        }
        keys = found
        if missing.contains(where: { found[$0] == 0 }) {
            throw PostgresError.unexpectedResult("a row that was just inserted is not there")
        }
    }

    private func read(_ answer: borrowing PostgresRows, into keys: inout [Int32]) throws {
        for row in 0..<answer.count {
            guard let number = answer.int32(row, 0), let key = answer.int32(row, 1) else {
                throw PostgresError.unexpectedResult("a key is missing")
            }
            keys[Int(number)] = key
        }
    }
}

/// The pending dimensions that rows refer to, their parents included, in ascending order of their numbers.
private struct Needed {
    let fixtures: [Int]
    let markets: [Int]
    let selections: [Int]

    init(_ batch: WriteBatch, _ filter: RowFilter) {
        let pending = batch.pending
        var fixtures = [Bool](repeating: false, count: pending.fixtures.count)
        var markets = [Bool](repeating: false, count: pending.markets.count)
        var selections = [Bool](repeating: false, count: pending.selections.count)
        func mark(_ ref: DimensionRef, _ entry: Int32, _ position: Int64, _ flags: inout [Bool]) {
            if let index = ref.pendingIndex, !flags[index], filter.movesState(entry, position) { flags[index] = true }
        }
        for row in batch.odds { mark(row.selection, row.entry, row.position, &selections) }
        for row in batch.settlements { mark(row.selection, row.entry, row.position, &selections) }
        for row in batch.bets {
            mark(row.selection, row.entry, row.position, &selections)
            mark(row.fixture, row.entry, row.position, &fixtures)
        }
        for row in batch.fixtures { mark(row.fixture, row.entry, row.position, &fixtures) }
        for (index, selection) in pending.selections.enumerated() where selections[index] {
            if let market = selection.market.pendingIndex { markets[market] = true }
            if let fixture = selection.fixture.pendingIndex { fixtures[fixture] = true }
        }
        for (index, market) in pending.markets.enumerated() where markets[index] {
            if let fixture = market.fixture.pendingIndex { fixtures[fixture] = true }
        }
        self.fixtures = fixtures.indices.filter { fixtures[$0] }
        self.markets = markets.indices.filter { markets[$0] }
        self.selections = selections.indices.filter { selections[$0] }
    }
}
