import ExportFiles
import Foundation
import ObjectStore

/// Recordings as files of this machine: those of a bucket are fetched into a folder of their own, and verified.
struct FetchedRecordings: Sendable {
    /// In the order in which they were asked for.
    let paths: [String]
    private let folder: String?

    /// Fetches what is in an object store; files stay where they are.
    static func fetch(_ names: [String], from store: ObjectStoreConfiguration) async throws -> FetchedRecordings {
        let names = names.map { FolderURL.path($0) ?? $0 }
        guard names.contains(where: ObjectLocation.isURL) else { return FetchedRecordings(paths: names, folder: nil) }
        let locations = try names.map { ObjectLocation.isURL($0) ? try ObjectLocation(url: $0) : nil }
        let client = try ObjectStoreClient(store)
        let folder = FileManager.default.temporaryDirectory.appending(path: "touchline-\(UUID().uuidString)").path
        let recordings = FetchedRecordings(paths: [], folder: folder)
        do {
            let paths = try await Interruption.failing {
                try await fetch(names, locations, client, into: folder)
            }
            return FetchedRecordings(paths: paths, folder: folder)
        } catch {
            recordings.remove()
            throw error
        }
    }

    /// Each in a folder of its own: two buckets may have files of one name.
    private static func fetch(
        _ names: [String], _ locations: [ObjectLocation?], _ client: ObjectStoreClient, into folder: String
    ) async throws -> [String] {
        var paths: [String] = []
        for (number, (name, location)) in zip(names, locations).enumerated() {
            guard let location else {
                paths.append(name)
                continue
            }
            let fetch = ArchiveFetch(store: client, folder: "\(folder)/\(number)")
            try fetch.makeFolder()
            paths.append(try await fetch.fetch(location).path)
        }
        return paths
    }

    /// Takes away what was fetched.
    func remove() {
        if let folder { try? FileManager.default.removeItem(atPath: folder) }
    }
}
