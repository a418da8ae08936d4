import FeedModel
import PostgresCopy
import RedisStreams

/// What a batch says of current state, of gaps and of letters: of each thing the last word only, sent in one round trip.
///
/// Whether the last word of a batch is news at all the database decides: positions only ever grow there.
struct StateChanges {
    let sealed: SealedBatch
    let filter: RowFilter
    let resolved: ResolvedDimensions
    var order = StateOrder.newer

    private var batch: WriteBatch { sealed.batch }

    func write(
        _ session: borrowing PostgresSession, letters: [(feedID: Int16, letter: DeadLetter)],
        into outcome: inout CommitOutcome
    ) throws {
        let news = [fixtures, marketStatuses, marketNames, results, selectionNames, opened, healed]
        var statements = news.compactMap { $0 }
        let loss = lost
        if let loss { statements.append(loss) }
        let lossIndex = loss == nil ? -1 : statements.count - 1
        if !letters.isEmpty { statements.append(LetterInsert.statement(letters)) }
        let lettersIndex = letters.isEmpty ? -1 : statements.count - 1
        guard !statements.isEmpty else { return }
        var counts = outcome
        try session.pipeline(statements) { index, answer in
            if index == lossIndex { counts.lostEntries = answer.count }
            if index == lettersIndex { LetterInsert.count(answer, into: &counts.letters) }
        }
        outcome = counts
    }

    // MARK: Dimensions

    private var fixtures: PostgresStatement? {
        let rows = last(of: batch.fixtures.filter { filter.movesState($0.entry, $0.position) }) {
            (resolved.fixture($0.fixture), $0.position)
        }
        guard !rows.isEmpty else { return nil }
        func texts(_ slice: (FixtureRow) -> TextSlice) -> PostgresValue {
            .texts(rows.map { batch.optionalString(slice($0)) })
        }
        return PostgresStatement(
            Statement.updateFixtures(order),
            [
                .int32s(rows.map { resolved.fixture($0.fixture) }), .int64s(rows.map(\.position)),
                .int16s(rows.map { Int16($0.status) }),
                .int32s(rows.map { $0.homeScore == Absent.score ? nil : $0.homeScore }),
                .int32s(rows.map { $0.awayScore == Absent.score ? nil : $0.awayScore }),
                .timestamptzs(rows.map { $0.startTime == Absent.value ? nil : $0.startTime }),
                .timestamptzs(rows.map { batch.entries[Int($0.entry)].rowsReceivedAt.microseconds }),
                texts(\.sportID), texts(\.sport), texts(\.tournamentID), texts(\.tournament), texts(\.homeTeam),
                texts(\.awayTeam),
            ])
    }

    private var marketStatuses: PostgresStatement? {
        let rows = last(of: batch.marketStatuses.filter { filter.movesState($0.entry, $0.position) }) {
            (resolved.market($0.market), $0.position)
        }
        guard !rows.isEmpty else { return nil }
        return PostgresStatement(
            Statement.updateMarketStatuses(order),
            [
                .int32s(rows.map { resolved.market($0.market) }), .int64s(rows.map(\.position)),
                .int16s(rows.map { Int16($0.status) }),
            ])
    }

    private var results: PostgresStatement? {
        let rows = last(of: batch.settlements.filter { filter.movesState($0.entry, $0.position) }) {
            (resolved.selection($0.selection), $0.position)
        }
        guard !rows.isEmpty else { return nil }
        return PostgresStatement(
            Statement.updateResults(order),
            [
                .int32s(rows.map { resolved.selection($0.selection) }), .int64s(rows.map(\.position)),
                .int16s(rows.map { Int16($0.result) }),
            ])
    }

    private var marketNames: PostgresStatement? {
        names(batch.marketNames, Statement.updateMarketNames(order)) { resolved.market($0) }
    }

    private var selectionNames: PostgresStatement? {
        names(batch.selectionNames, Statement.updateSelectionNames(order)) { resolved.selection($0) }
    }

    private func names(_ rows: [NameRow], _ sql: String, _ key: (DimensionRef) -> Int32) -> PostgresStatement? {
        let rows = last(of: rows.filter { filter.movesState($0.entry, $0.position) }) { (key($0.owner), $0.position) }
        guard !rows.isEmpty else { return nil }
        return PostgresStatement(
            sql,
            [
                .int32s(rows.map { key($0.owner) }), .int64s(rows.map(\.position)),
                .texts(rows.map { batch.string($0.name) }),
            ])
    }

    /// Of each key the row at the highest position, of equal ones the later; sorted by key.
    private func last<Row>(of rows: [Row], _ place: (Row) -> (key: Int32, position: Int64)) -> [Row] {
        var chosen: [Int32: Int] = [:]
        for (index, row) in rows.enumerated() {
            let (key, position) = place(row)
            if let other = chosen[key], place(rows[other]).position > position { continue }
            chosen[key] = index
        }
        return chosen.sorted { $0.key < $1.key }.map { rows[$0.value] }
    }

    // MARK: Gaps

    private var opened: PostgresStatement? {
        var gaps: [MessageID: ControlEvent.Gap] = [:]
        for change in batch.gaps where filter.movesState(change.entry, change.position) {
            if case .opened(let gap) = change.kind { gaps[batch.message(change.entry, change.position)] = gap }
        }
        guard !gaps.isEmpty else { return nil }
        let rows = gaps.sorted { $0.key < $1.key }
        return PostgresStatement(
            Statement.openGaps,
            [
                .int16s(rows.map(\.key.feedID)), .int64s(rows.map(\.key.position)),
                .int16s(rows.map { Int16($0.value.kind.rawValue) }), .int64s(rows.map(\.value.fromSequence)),
                .int64s(rows.map(\.value.toSequence)), .timestamptzs(rows.map(\.value.from)),
                .timestamptzs(rows.map(\.value.to)), .texts(rows.map(\.value.cause)),
            ])
    }

    private var healed: PostgresStatement? {
        var heals: [MessageID: Int64] = [:]
        for change in batch.gaps where filter.movesState(change.entry, change.position) {
            if case .healed(let time) = change.kind { heals[batch.message(change.entry, change.position)] = time }
        }
        guard !heals.isEmpty else { return nil }
        let rows = heals.sorted { $0.key < $1.key }
        return PostgresStatement(
            Statement.healGaps,
            [
                .int16s(rows.map(\.key.feedID)), .int64s(rows.map(\.key.position)), .timestamptzs(rows.map(\.value)),
            ])
    }

    private var lost: PostgresStatement? {
        guard !batch.lost.isEmpty else { return nil }
        return PostgresStatement(
            Statement.recordLoss,
            [
                .int16s(batch.lost.map(\.feedID)),
                .int64s(batch.lost.map { FrameNumber(clamping: $0.id.milliseconds) }),
                .int16(Int16(GapKind.lost.rawValue)),
                .text("an entry was deleted from the stream before it was written"),
            ])
    }
}

extension String {
    /// Without zero characters, which Postgres' `text` cannot hold: what explains a refusal must not be refused itself.
    var storable: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }
}

/// Dead letters as rows.
enum LetterInsert {
    /// - Parameter rest: what happens to a letter that is there already, and what is returned.
    static func statement(
        _ letters: [(feedID: Int16, letter: DeadLetter)], or rest: String = Statement.keepLetter
    ) -> PostgresStatement {
        let rows = letters.sorted {
            ($0.feedID, $0.letter.position, $0.letter.stage.rawValue)
                < ($1.feedID, $1.letter.position, $1.letter.stage.rawValue)
        }
        return PostgresStatement(
            Statement.insertLetters + rest,
            [
                .int16s(rows.map(\.feedID)), .int64s(rows.map(\.letter.position.rawValue)),
                .int16s(rows.map { Int16($0.letter.stage.rawValue) }),
                .int16s(rows.map { Int16($0.letter.reason.rawValue) }),
                .int32s(rows.map { Int32(clamping: $0.letter.deliveries) }),
                .timestamptzs(rows.map(\.letter.receivedAt.microseconds)),
                .texts(rows.map { $0.letter.sqlState.isEmpty ? nil : $0.letter.sqlState.storable }),
                .texts(rows.map { $0.letter.detail.storable }), .byteas(rows.map(\.letter.payload)),
            ])
    }

    /// Counts the letters that were new.
    static func count(_ answer: borrowing PostgresRows, into counts: inout [LetterKind: Int]) {
        for row in 0..<answer.count {
            guard let kind = LetterKind(stageCode: answer.int16(row, 0), reasonCode: answer.int16(row, 1)) else {
                continue
            }
            counts[kind, default: 0] += 1
        }
    }
}
