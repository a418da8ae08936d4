import Foundation
import ObjectStore
import PostgresCopy

/// Writes a partition to an object store: to a file first, because only then its checksum is known before it is sent.
struct ObjectArchive: Sendable {
    let location: ObjectLocation
    let store: ObjectStoreConfiguration
    let isStopping: @Sendable () -> Bool

    /// The object is there when this returns, and the store has shown that it holds the file's bytes. An upload that
    /// was interrupted goes on. The file is gone whatever happens: the table has all of it.
    func write(_ facts: PartitionFacts, _ connection: PostgresConnection) async throws -> ArchivedPartition {
        let client = try ObjectStoreClient(store)
        try makeStaging()
        let staged = PartitionArchive(folder: store.staging, isStopping: isStopping, isStaging: true)
        defer { staged.remove(facts) }
        let file = try await staged.write(facts, connection)
        let target = location.appending("\(facts.name).csv.gz")
        let sent = try await ArchiveTarget.untilStopped(isStopping) {
            // Another database's partition of that name may pass through the same folder.
            try await ObjectUpload(client).push(file.path, to: target, expected: file.checksum)
        }
        return ArchivedPartition(path: "\(target)", rows: file.rows, bytes: sent.bytes, checksum: sent.sha256)
    }

    private func makeStaging() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: store.staging, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ObjectStoreError.configuration("\(store.staging) cannot be made: set object_store.staging")
        }
    }
}
