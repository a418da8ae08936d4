import FeedModel
import PostgresCopy

/// Tells a row that is at fault from a table that takes no row of ours any more: after a refusal a plain row is tried. A
/// constraint that somebody added, a column whose type changed: every message would become a dead letter.
struct SchemaProbe {
    /// Some batch that was refused: the probe's rows stand where its partitions are.
    let batch: WriteBatch

    /// Copies one plain row into each history table. Throws the refusal of the first that does not take it; rolling back is the
    /// caller's.
    func run(_ session: borrowing PostgresSession) throws {
        guard var plain = plainBatch else { return }
        plain.arena = Array("probe".utf8)
        let keys = ResolvedDimensions(PendingDimensions())
        let tables = [
            (CopyTarget.oddsTicks, RowEncoding.odds(plain, [0], keys, isWanted: nil)),
            (.fixtureUpdates, RowEncoding.fixtures(plain, [0], keys, isWanted: nil)),
            (.settlements, RowEncoding.settlements(plain, [0], keys, isWanted: nil)),
            (.betEvents, RowEncoding.bets(plain, [0], keys, isWanted: nil)),
        ]
        _ = try session.copyIn(tables.map(\.0.statement)) { index, stream in
            try stream.write(tables[index].1.encoder)
        }
    }

    private static let text = TextSlice(start: 0, length: 5)
    private static let price: Int64 = 20_000

    /// Nil without an entry to stand in for.
    private var plainBatch: WriteBatch? {
        guard let entry = batch.entries.first(where: { $0.header.letter == nil }) else { return nil }
        var plain = WriteBatch()
        plain.append(entry)
        let position = Position(frame: entry.header.first, ordinal: 0).rawValue
        let time = entry.header.receivedAt.microseconds
        plain.odds = [
            OddsRow(
                position: position, sourceTime: time, odd: Self.price, lay: Absent.value, backSize: Absent.value,
                laySize: Absent.value, lastTraded: Absent.value, selection: .key(1), entry: 0,
                status: OddsStatus.open.rawValue)
        ]
        plain.fixtures = [
            FixtureRow(
                position: position, sourceTime: time, startTime: time, homeScore: Absent.score,
                awayScore: Absent.score, fixture: .key(1), entry: 0, status: FixtureStatus.live.rawValue,
                sportID: Self.text, sport: Self.text,
                tournamentID: Self.text, tournament: Self.text, homeTeam: Self.text, awayTeam: Self.text)
        ]
        plain.settlements = [
            SettlementRow(
                position: position, sourceTime: time, selection: .key(1), entry: 0,
                result: SettlementResult.won.rawValue)
        ]
        plain.bets = [
            BetRow(
                position: position, sourceTime: time, amount: Self.price, odd: Self.price,
                potentialWin: Self.price, selection: .key(1), fixture: .key(1), entry: 0,
                status: BetStatus.placed.rawValue, side: BetSide.back.rawValue,
                betID: Self.text, userID: Self.text, currency: Self.text)
        ]
        return plain
    }
}

/// A table takes no row of ours: no message is at fault, and only a person can mend it.
struct SchemaRefusal: Error, CustomStringConvertible {
    let failure: ServerFailure

    var description: String {
        let table = failure.copyTable ?? failure.table
        return
            "\(table.isEmpty ? "a table" : table) takes no row at all, not even a plain one: \(failure). Undo what was changed "
            + "there; until then everything stays in Redis"
    }
}
