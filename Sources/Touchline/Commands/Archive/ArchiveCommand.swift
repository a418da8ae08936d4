import ArgumentParser
import ObjectStore

/// Files in an object store: recordings and retired partitions.
struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Keep recordings and other files in an S3-compatible bucket, and bring them back.",
        subcommands: [ArchivePushCommand.self, ArchiveListCommand.self, ArchiveFetchCommand.self])
}

extension ConfigurationOptions {
    /// The store that the configuration and the environment name.
    func objectStore() throws -> ObjectStoreClient { try ObjectStoreClient(try load().objectStore) }
}
