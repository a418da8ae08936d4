import ArgumentParser
import FeedModel
import PostgresCopy
import Writer

/// Takes partitions out of their tables.
struct PartitionRetireCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Detach partitions without blocking anybody, write them to files if asked to, and drop them.",
        discussion: """
            Example: touchline partitions retire --expired
            Example: touchline partitions retire odds_ticks_20260307 --archive /srv/archive
            Example: touchline partitions retire --expired --archive s3://history/touchline
            Killed at any moment, the same command goes on where it stopped. A file is NAME.csv.gz with \
            NAME.csv.gz.sha256 beside it; COPY … FROM … WITH (FORMAT csv, HEADER) brings it back. Another file of that \
            name is never replaced. A named one that may still get rows, which come up to seven days late, is refused. \
            Without an archive the rows of a named one are gone for ever: that takes --no-archive.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The partitions, by name.") var names: [String] = []
    @Flag(help: "All whose time is over by writer.partitions.keep and keep_raw.") var expired = false
    @Option(
        help: "A folder (also file:///path) or s3://bucket/prefix for the files; default: writer.partitions.archive.")
    var archive: String?
    @Flag(help: "Write no files, whatever the configuration says.") var noArchive = false
    @Flag(help: "Detach only: each stays as a table of its own.") var keep = false

    func execute() async throws {
        guard expired != !names.isEmpty else {
            throw CommandFailure(description: "say which partitions: names, or --expired", exitCode: ExitCode(2))
        }
        if (keep && archive != nil) || (noArchive && archive != nil) {
            throw CommandFailure(
                description: "--archive goes with neither --keep nor --no-archive", exitCode: ExitCode(2))
        }
        let (names, expired, noArchive, keep) = (names, expired, noArchive, keep)
        let given = try archive.map { try Self.target($0, options) }
        try await Interruption.failing {
            try await options.withPartitions { connection, policy in
                let chosen =
                    try await expired
                    ? Self.expired(policy, connection) : Self.named(names, policy, connection)
                let target = noArchive ? nil : given ?? policy.archive
                if !expired, !keep, !noArchive, target == nil { throw Self.unarchived(chosen) }
                let end = keep ? .keep : target.map { PartitionRetirement.End.archive($0) } ?? .drop
                let retirement = PartitionRetirement(isStopping: { Task.isCancelled })
                for name in chosen { try await retirement.retire(name, end, connection) { print(Self.sentence($0)) } }
                if chosen.isEmpty { print("nothing is due") }
            }
        }
    }

    /// What the configuration says of expired ones is a decision; a name alone is none.
    private static func unarchived(_ names: [String]) -> CommandFailure {
        CommandFailure(
            description: "\(names.joined(separator: ", ")): there is no archive, and the rows would be gone for ever: "
                + "name one with --archive, detach only with --keep, or say --no-archive",
            exitCode: ExitCode(2))
    }

    private static func target(_ text: String, _ options: ConfigurationOptions) throws -> ArchiveTarget {
        switch try ArchivePlace(text) {
        case .folder(let path): .folder(path)
        case .objects(let location): .objects(location, try options.load().objectStore)
        }
    }

    private static func expired(_ policy: PartitionPolicy, _ connection: PostgresConnection) async throws -> [String] {
        if policy.keepsEverything {
            throw CommandFailure(
                description: "nothing expires: set writer.partitions.keep or keep_raw", exitCode: ExitCode(2))
        }
        let facts = try await PartitionKeeper().listAll(connection).filter { !$0.isDetached || $0.isRetiring }
        return policy.expired(facts, at: WallClock.now).map(\.name)
    }

    /// All of the names, or none if there is an objection to one.
    private static func named(
        _ names: [String], _ policy: PartitionPolicy, _ connection: PostgresConnection
    ) async throws -> [String] {
        for facts in try await PartitionKeeper().listAll(connection) where names.contains(facts.name) {
            if let objection = policy.objection(toRetiring: facts, at: WallClock.now) { throw objection }
        }
        return names
    }

    private static func sentence(_ step: PartitionRetirement.Step) -> String {
        switch step {
        case .detached(let name): "detached \(name)"
        case .archived(let file): "wrote \(file.path): \(file.rows) rows, \(ExportProgress.size(file.bytes))"
        case .dropped(let name): "dropped \(name)"
        }
    }
}
