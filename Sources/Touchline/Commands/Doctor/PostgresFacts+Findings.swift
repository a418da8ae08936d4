/// What the facts of a database mean.
extension PostgresFacts {
    private static let oldestVersion = 15

    var findings: [Finding] {
        let standing = [
            version < Self.oldestVersion * 10_000 ? oldVersion : nil, standby, readOnly, encoding, durability, power,
            grants, connections, partitions, room,
        ]
        return [Finding("postgres answers, its schema is current"), Finding("postgres holds \(size)")]
            + standing.compactMap { $0 } + [ClockSkew.finding("postgres", ahead: clockAhead)]
    }

    private var size: String { "\(Figures.bytes(databaseBytes)), version \(version / 10_000).\(version % 10_000)" }

    private var oldVersion: Finding {
        Finding(
            "postgres", problem: "has version \(version / 10_000)",
            remedy: "upgrade it to \(Self.oldestVersion) or later")
    }

    private var standby: Finding? {
        guard isStandby else { return nil }
        return Finding(
            "postgres", problem: "it is a standby, which takes no rows",
            remedy: "name the primary in postgres.url, or all hosts with target_session_attrs=read-write")
    }

    private var readOnly: Finding? {
        guard settings["default_transaction_read_only"] == "on" else { return nil }
        return Finding(
            "postgres", problem: "default_transaction_read_only is on for \(role), which takes no rows",
            remedy: "name the role that owns the tables in postgres.url, or ALTER ROLE … RESET it")
    }

    private var encoding: Finding? {
        guard let encoding = settings["server_encoding"], encoding != "UTF8" else { return nil }
        return Finding(
            "postgres", problem: "the database's encoding is \(encoding), which cannot hold every name",
            remedy: "make it anew with `createdb --encoding UTF8 --template template0`")
    }

    /// An entry is acknowledged once its commit is answered.
    private var durability: Finding? {
        guard settings["synchronous_commit"] == "off" else { return nil }
        return Finding(
            "postgres", problem: "synchronous_commit is off, and a crash loses rows that Redis does not have any more",
            remedy: "set it on for \(role): ALTER ROLE … SET synchronous_commit = on, or in postgresql.conf")
    }

    private var power: Finding? {
        let off = ["fsync", "full_page_writes"].filter { settings[$0] == "off" }
        guard !off.isEmpty else { return nil }
        return Finding(
            "postgres", problem: "\(off.joined(separator: " and ")) off: a power cut may cost the whole database",
            remedy: "set it on in postgresql.conf", isWarning: true)
    }

    private var grants: Finding? {
        guard !missingGrants.isEmpty else { return Finding("postgres lets \(role) write") }
        return Finding(
            "postgres", problem: "\(role) may not do what the Writer does",
            remedy: "as the owner of the tables: \(missingGrants.joined(separator: "; "))")
    }

    private var connections: Finding? {
        guard freeConnections < neededConnections else { return nil }
        return Finding(
            "postgres",
            problem: "it has \(max(0, freeConnections)) connections left, and a Writer takes \(neededConnections)",
            remedy: "raise max_connections, or end who holds them (pg_stat_activity)", isWarning: true)
    }

    /// The first Writer makes them when it starts.
    private var partitions: Finding? {
        guard let first = missingPartitions.first else {
            return Finding("postgres has the partitions of the next days")
        }
        let others = missingPartitions.count - 1
        return Finding(
            "postgres", problem: "there is no partition \(first)" + (others > 0 ? ", nor \(others) others" : ""),
            remedy: "start a Writer, which makes them, or run `touchline partitions create`", isWarning: true)
    }

    private var room: Finding? { disk?.finding("postgres", needed: databaseBytes / 10, for: "a tenth of the database") }
}
