import FeedModel
import PostgresCopy

/// Tells a row that is at fault from a table that takes no row of ours any more: after a refusal plain rows are tried. A
/// constraint that somebody added, a column whose type changed: every message would become a dead letter.
struct SchemaProbe {
    /// Some batch that was refused: the probe's rows stand where its partitions are.
    let batch: WriteBatch

    /// Writes plain rows into every table that messages are written to, as they write them. Throws the refusal of the first
    /// that does not take them; rolling back is the caller's.
    func run(_ session: borrowing PostgresSession) throws {
        guard let entry = batch.entries.first(where: { $0.header.letter == nil }) else { return }
        let time = entry.header.receivedAt.microseconds
        let keys = try DimensionProbe(
            feedID: entry.feedID, position: Position(frame: entry.header.first, ordinal: 0).rawValue, time: time
        ).run(session)
        try gaps(entry, session)
        let plain = plainBatch(entry, keys)
        let resolved = ResolvedDimensions(PendingDimensions())
        let tables = [
            (CopyTarget.oddsTicks, RowEncoding.odds(plain, [0, 1, 2], resolved, isWanted: nil)),
            (.fixtureUpdates, RowEncoding.fixtures(plain, [0, 1], resolved, isWanted: nil)),
            (.settlements, RowEncoding.settlements(plain, [0, 1, 2], resolved, isWanted: nil)),
            (.betEvents, RowEncoding.bets(plain, [0, 1], resolved, isWanted: nil)),
        ]
        _ = try session.copyIn(tables.map(\.0.statement)) { index, stream in
            try stream.write(tables[index].1.encoder)
        }
    }

    private func gaps(_ entry: BatchEntry, _ session: borrowing PostgresSession) throws {
        // The last places of a frame: no gap that exists has them.
        let positions = [1, 2].map {
            Position(frame: entry.header.first, ordinal: Position.messagesPerFrame - $0).rawValue
        }
        let feeds = PostgresValue.int16s([entry.feedID, entry.feedID])
        let kind = Int16(GapKind.reconnect.rawValue)
        let (time, one) = (entry.header.receivedAt.microseconds, Int64(1))
        let times = PostgresValue.timestamptzs([time, time])
        let sequences = PostgresValue.int64s([one, one])
        try SchemaRefusal.naming("feed_gaps") {
            _ = try session.query(
                Statement.openGaps,
                [
                    feeds, .int64s(positions), .int16s([kind, kind]), sequences, sequences, times, times,
                    .texts(["probe", "probe"]),
                ])
            _ = try session.query(Statement.healGaps, [feeds, .int64s(positions), times])
        }
    }

    private static let text = TextSlice(start: 0, length: 5)
    private static let price: Int64 = 20_000

    /// Of each history what a unique key that somebody added would refuse: a message about two things, and two about one.
    private func plainBatch(_ entry: BatchEntry, _ keys: DimensionProbe.Keys) -> WriteBatch {
        var plain = WriteBatch()
        plain.append(entry)
        plain.arena = Array("probe".utf8)
        let first = Position(frame: entry.header.first, ordinal: 0).rawValue
        let time = entry.header.receivedAt.microseconds
        let selections = [(first, keys.selections[0]), (first, keys.selections[1]), (first + 1, keys.selections[0])]
        plain.odds = selections.map { position, key in
            OddsRow(
                position: position, sourceTime: time, odd: Self.price, lay: Absent.value, backSize: Absent.value,
                laySize: Absent.value, lastTraded: Absent.value, selection: .key(key), entry: 0,
                status: OddsStatus.open.rawValue)
        }
        plain.settlements = selections.map { position, key in
            SettlementRow(
                position: position, sourceTime: time, selection: .key(key), entry: 0,
                result: SettlementResult.won.rawValue)
        }
        plain.fixtures = [first, first + 1].map { position in
            FixtureRow(
                position: position, sourceTime: time, startTime: time, homeScore: Absent.score,
                awayScore: Absent.score, fixture: .key(keys.fixtures[0]), entry: 0, status: FixtureStatus.live.rawValue,
                sportID: Self.text, sport: Self.text,
                tournamentID: Self.text, tournament: Self.text, homeTeam: Self.text, awayTeam: Self.text)
        }
        plain.bets = [first, first + 1].map { position in
            BetRow(
                position: position, sourceTime: time, amount: Self.price, odd: Self.price,
                potentialWin: Self.price, selection: .key(keys.selections[0]), fixture: .key(keys.fixtures[0]),
                entry: 0,
                status: BetStatus.placed.rawValue, side: BetSide.back.rawValue,
                betID: Self.text, userID: Self.text, currency: Self.text)
        }
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

    /// Runs what is written to a table, and names it in a refusal that does not: one of a wrong type, for example.
    static func naming(_ table: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch PostgresError.server(var failure) {
            if failure.table.isEmpty { failure.table = table }
            throw PostgresError.server(failure)
        }
    }
}
