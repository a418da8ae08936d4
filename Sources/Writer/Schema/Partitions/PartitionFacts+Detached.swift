import FeedModel
import PostgresCopy

extension PartitionFacts {
    /// The comment of a partition that is on its way out.
    static let retiringMark = "Being retired by touchline: it will be dropped."

    /// Tables that were partitions: kept by a person, or left by a retirement that was interrupted.
    static func readDetached(_ session: borrowing PostgresSession, withSizes: Bool = false) throws -> [PartitionFacts] {
        let rows = try session.query(
            """
            SELECT relname, reltuples::bigint, CASE WHEN $2 THEN pg_total_relation_size(oid) ELSE 0 END,
                   coalesce(obj_description(oid, 'pg_class') = $1, false)
              FROM pg_class
             WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relispartition
               AND relname ~ '_\\d{8}(_\\d{2})?$' ORDER BY relname
            """, [.text(retiringMark), .bool(withSizes)])
        return (0..<rows.count).compactMap { row in
            guard let range = rows.text(row, 0).flatMap({ PartitionRange(name: $0) }) else { return nil }
            return PartitionFacts(
                table: range.table, name: range.name, from: range.from, to: range.to,
                estimatedRows: rows.int64(row, 1) ?? -1, bytes: rows.int64(row, 2) ?? 0, isDetachPending: false,
                isDetached: true, isRetiring: rows.bool(row, 3) ?? false)
        }
    }
}

extension PartitionRange {
    /// Reads a name that `name` could have written; nil for any other.
    init?(name: String) {
        guard let table = PartitionedTable.allCases.first(where: { name.hasPrefix("\($0.name)_") }) else { return nil }
        let digits = name.dropFirst(table.name.count + 1).split(separator: "_", omittingEmptySubsequences: false)
        guard let day = digits.first, day.count == 8, let number = Int64(day),
            let date = CivilDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
        else { return nil }
        let midnight = Timestamp(microseconds: date.daysSinceEpoch * 86_400_000_000)
        switch digits.count {
        case 1: self.init(table: table, from: midnight, to: midnight + PartitionUnit.day.length, unit: .day)
        case 2:
            guard let hour = Int(digits[1]), digits[1].count == 2, (0..<24).contains(hour) else { return nil }
            let from = midnight + PartitionUnit.hour.length * hour
            self.init(table: table, from: from, to: from + PartitionUnit.hour.length, unit: .hour)
        default: return nil
        }
    }
}
