import ArgumentParser
import FeedClient
import FeedModel
import PostgresCopy
import Processor

/// A feed that Postgres knows, under the rules that the configuration has for it.
struct StoredFeed: Sendable {
    let id: Int16
    let feed: ProcessedFeed

    /// All of them, or the one of this name.
    static func find(
        _ name: String?, _ connection: PostgresConnection, _ configuration: TouchlineConfiguration
    ) async throws -> [StoredFeed] {
        let stored = try await connection.withSession { session in
            let rows = try session.query("SELECT feed_id, name, provider FROM feeds ORDER BY name")
            return (0..<rows.count).map {
                (rows.int16($0, 0) ?? 0, rows.text($0, 1) ?? "", rows.text($0, 2) ?? "")
            }
        }
        let chosen = stored.filter { name == nil || $0.1 == name }
        if let name, chosen.isEmpty {
            let known = stored.map(\.1).joined(separator: ", ")
            throw CommandFailure(
                description: "no feed '\(name.printable)' in the database; it has: \(known.isEmpty ? "none" : known)",
                exitCode: ExitCode(2))
        }
        return chosen.compactMap { id, name, provider in
            guard let name = FeedName(name) else { return nil }
            let rules = configuration.feeds.first { $0.name == name }.map(ProcessedFeed.init)
            return StoredFeed(id: id, feed: rules ?? ProcessedFeed(name: name, provider: provider))
        }
    }
}
