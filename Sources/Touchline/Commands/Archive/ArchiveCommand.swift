import ArgumentParser
import ObjectStore

/// Files in a bucket or a folder: recordings and retired partitions.
struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Keep recordings and other files in a folder or an S3-compatible bucket, and bring them back.",
        subcommands: [ArchivePushCommand.self, ArchiveListCommand.self, ArchiveFetchCommand.self])
}

extension ConfigurationOptions {
    /// The store that the configuration and the environment name.
    func objectStore() throws -> ObjectStoreClient { try ObjectStoreClient(try load().objectStore) }
}
