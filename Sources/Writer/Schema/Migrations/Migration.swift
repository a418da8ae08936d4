package import FeedModel

/// One step of the schema, forward only. Once released its text never changes: a database remembers the checksum.
package struct Migration: Sendable {
    package let version: Int
    package let name: String
    package let sql: String

    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// Sixteen hexadecimal digits of the text's stable hash.
    package var checksum: String {
        var text = sql
        let hash = text.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0), seed: 0) }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// All steps in order. A new one goes to the end.
package struct MigrationPlan: Sendable {
    package let migrations: [Migration]

    package init(_ migrations: [Migration] = MigrationPlan.all) { self.migrations = migrations }

    package static let all: [Migration] = [
        .vocabulary, .dimensions, .history, .records, .events, .prices, .operations, .betSides,
        .descriptions, .rawKinds, .resumedTerms, .closingOdds, .rawEvents, .closingLine, .letterAge,
    ]

    /// The schema version that this build needs.
    package var version: Int { migrations.last?.version ?? 0 }

    /// What a database that has `applied` still lacks.
    package func pending(after applied: [AppliedMigration]) throws(SchemaError) -> [Migration] {
        let checksums = Dictionary(applied.map { ($0.version, $0.checksum) }) { first, _ in first }
        for migration in migrations {
            guard let checksum = checksums[migration.version] else { continue }
            guard checksum == migration.checksum else {
                throw .changed(version: migration.version, name: migration.name)
            }
        }
        return migrations.filter { checksums[$0.version] == nil }
    }
}

/// A step that a database has taken.
package struct AppliedMigration: Sendable, Equatable {
    package let version: Int
    package let name: String
    package let appliedAt: Timestamp
    package let checksum: String
}

/// Why a database cannot be used as it is.
package enum SchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database has fewer steps than this build needs. Version 0: none at all.
    case outdated(found: Int, needed: Int)
    /// A step that was applied does not read as it does in this build.
    case changed(version: Int, name: String)

    package var description: String {
        switch self {
        case .outdated(0, let needed):
            "the database has no Touchline schema, this build needs version \(needed): run `touchline migrate`"
        case .outdated(let found, let needed):
            "the database has schema version \(found), this build needs \(needed): run `touchline migrate`"
        case .changed(let version, let name):
            "migration \(version) (\(name)) of the database is not the one of this build: it comes from another Touchline"
        }
    }
}
