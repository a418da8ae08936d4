import ExportFiles
import Glibc
package import ObjectStore
import PostgresCopy

/// Where partitions are kept once they are out of Postgres.
package enum ArchiveTarget: Sendable, Equatable, CustomStringConvertible {
    /// Files in this folder.
    case folder(String)
    /// Objects below this prefix.
    case objects(ObjectLocation, ObjectStoreConfiguration)

    package var description: String {
        switch self {
        case .folder(let path): path
        case .objects(let location, _): "\(location)"
        }
    }

    /// Throws if nothing could be kept there now: before anything is taken out of its table.
    func check(isStopping: @escaping @Sendable () -> Bool) async throws {
        switch self {
        case .folder(let path):
            guard access(path, W_OK | X_OK) == 0 else {
                throw ExportError.file("written to", path: path, reason: String(cString: strerror(errno)))
            }
        case .objects(let location, let store):
            let client = try ObjectStoreClient(store)
            try await Self.untilStopped(isStopping) { try await client.check(location) }
        }
    }

    /// The partition is there when this returns, with every row, and verified.
    func write(
        _ facts: PartitionFacts, _ connection: PostgresConnection, isStopping: @escaping @Sendable () -> Bool
    ) async throws -> ArchivedPartition {
        switch self {
        case .folder(let path):
            try await PartitionArchive(folder: path, isStopping: isStopping).write(facts, connection)
        case .objects(let location, let store):
            try await ObjectArchive(location: location, store: store, isStopping: isStopping).write(facts, connection)
        }
    }

    /// Runs `body`, and cancels it when the stage is to end: a store may take its time.
    static func untilStopped<T: Sendable>(
        _ isStopping: @escaping @Sendable () -> Bool, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { tasks in
            tasks.addTask { try await body() }
            tasks.addTask {
                while !isStopping() { try await Task.sleep(for: .milliseconds(200)) }
                return nil
            }
            let first = try await tasks.next() ?? nil
            tasks.cancelAll()
            // It has to end before the caller clears up behind it; and it may have been done at that very moment.
            let second = try? await tasks.next() ?? nil
            guard let result = first ?? second else { throw CancellationError() }
            return result
        }
    }
}
