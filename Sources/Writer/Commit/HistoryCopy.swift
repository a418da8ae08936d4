import PostgresCopy

/// The COPYs of a batch: its rows on their way into the history's tables.
struct HistoryCopy {
    let sealed: SealedBatch
    let filter: RowFilter
    let resolved: ResolvedDimensions

    /// - Parameter committing: sends COMMIT with the last COPY.
    /// - Returns: rows stored, by `CopyTarget`'s number.
    func run(_ session: borrowing PostgresSession, committing: Bool) throws -> [Int] {
        let tables = encode()
        var counts = [Int](repeating: 0, count: CopyTarget.allCases.count)
        guard !tables.isEmpty else { return counts }
        do {
            let stored = try session.copyIn(tables.map(\.target.statement), committing: committing) { index, stream in
                try stream.write(tables[index].rows.encoder)
            }
            for (table, count) in zip(tables, stored) { counts[table.target.rawValue] = count }
            return counts
        } catch let error as PostgresError {
            throw BatchRefusal(error: error, message: refusedMessage(error, tables))
        }
    }

    private struct EncodedTable {
        let target: CopyTarget
        let rows: EncodedRows
    }

    private func encode() -> [EncodedTable] {
        let batch = sealed.batch
        let order = sealed.order
        let isWanted: RowEncoding.Filter? = filter.isTrivial ? nil : { filter.includes($0, $1) }
        var tables: [EncodedTable] = []
        func add(_ target: CopyTarget, _ rows: EncodedRows) {
            if !rows.rows.isEmpty { tables.append(EncodedTable(target: target, rows: rows)) }
        }
        if filter.isTrivial, let encoded = sealed.encodedOdds {
            add(.oddsTicks, encoded)
        } else if !order.odds.isEmpty {
            // Keys that were only just found or made have their place in the order as well.
            let sorted = sealed.resolved.isComplete ? order.odds : RowOrder.odds(batch.odds, resolved)
            add(.oddsTicks, RowEncoding.odds(batch, sorted, resolved, isWanted: isWanted))
        }
        if !order.fixtures.isEmpty {
            add(.fixtureUpdates, RowEncoding.fixtures(batch, order.fixtures, resolved, isWanted: isWanted))
        }
        if !order.settlements.isEmpty {
            add(.settlements, RowEncoding.settlements(batch, order.settlements, resolved, isWanted: isWanted))
        }
        if !order.bets.isEmpty {
            add(.betEvents, RowEncoding.bets(batch, order.bets, resolved, isWanted: isWanted))
        }
        return tables
    }

    /// The message whose row is the line that the server refused.
    private func refusedMessage(_ error: PostgresError, _ tables: [EncodedTable]) -> MessageID? {
        guard case .server(let failure) = error, let line = failure.copyLine, let name = failure.copyTable,
            let table = tables.first(where: { $0.target.table == name }), line >= 1, line <= table.rows.rows.count
        else { return nil }
        let batch = sealed.batch
        let index = Int(table.rows.rows[line - 1])
        switch table.target {
        case .oddsTicks: return batch.message(batch.odds[index].entry, batch.odds[index].position)
        case .fixtureUpdates: return batch.message(batch.fixtures[index].entry, batch.fixtures[index].position)
        case .settlements: return batch.message(batch.settlements[index].entry, batch.settlements[index].position)
        case .betEvents: return batch.message(batch.bets[index].entry, batch.bets[index].position)
        }
    }
}
