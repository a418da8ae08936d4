import ExportFiles
import Glibc
import PostgresCopy

/// A partition that was written to a file.
package struct ArchivedPartition: Sendable, Equatable {
    /// A file's path, or an object's URL.
    package let path: String
    package let rows: Int
    package let bytes: Int64
    /// SHA-256 in hexadecimal.
    package let checksum: String
}

/// Writes a partition that is out of its table to `<name>.csv.gz`, with a heading, and its SHA-256 beside it as `sha256sum -c`
/// reads it. `COPY … FROM … WITH (FORMAT csv, HEADER)` brings it back.
struct PartitionArchive: Sendable {
    let folder: String
    let isStopping: @Sendable () -> Bool
    /// The files stay only until they are somewhere else, and those of an interrupted attempt are of no use.
    var isStaging = false

    /// The file is there when this returns: on disk, with every row, and read back.
    ///
    /// - Throws: `ExportError.occupied` for another file of that name: a day that was archived, made again by a late row and
    ///   retired again must not replace all of it by that row.
    func write(_ facts: PartitionFacts, _ connection: PostgresConnection) async throws -> ArchivedPartition {
        let path = "\(folder)/\(facts.name).csv.gz"
        let (rows, summary) = try await connection.withTransaction { session in
            // One state for counting and copying.
            try session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            // From its beginning, whoever else is reading it: so that a second attempt gives the same bytes.
            try session.execute("SET LOCAL synchronize_seqscans = off")
            let expected = try session.query("SELECT count(*) FROM \(facts.name)").int64(0, 0) ?? -1
            let sink = try ExportSink(path: path, gzip: true)
            let rows = try session.copyOut("COPY \(facts.name) TO STDOUT WITH (FORMAT csv, HEADER true)") { row in
                if isStopping() { throw CancellationError() }
                try sink.write(row)
            }
            guard Int64(rows) == expected else {
                throw PartitionError.notArchived(path, written: Int64(rows), expected: expected)
            }
            return (rows, try sink.finish(keepingOthers: !isStaging))
        }
        guard try FileChecksum.sha256(of: path) == summary.checksum else { throw ExportError.damaged(path: path) }
        let note = try ExportSink(path: "\(path).sha256", gzip: false)
        try Array("\(summary.checksum)  \(facts.name).csv.gz\n".utf8).withUnsafeBytes { try note.write($0) }
        _ = try note.finish()
        return ArchivedPartition(path: path, rows: rows, bytes: summary.bytes, checksum: summary.checksum)
    }

    /// The file and its checksum, for who keeps them elsewhere.
    func remove(_ facts: PartitionFacts) {
        for suffix in [".csv.gz", ".csv.gz.sha256"] { unlink("\(folder)/\(facts.name)\(suffix)") }
    }
}
