import FeedModel
import PostgresCopy

/// The keys of feeds in table `feeds`: found, or made for a feed that was never written before.
enum FeedCatalogue {
    static func open(_ feeds: [WriterFeed], _ connection: PostgresConnection) async throws -> [FeedName: Int16] {
        try await connection.withTransaction { session in
            var known = try find(feeds, session)
            let missing = feeds.filter { known[$0.name] == nil }.sorted { $0.name < $1.name }
            if !missing.isEmpty {
                _ = try session.query(
                    """
                    INSERT INTO feeds (name, provider) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
                    """, [.texts(missing.map(\.name.text)), .texts(missing.map(\.provider))])
                known = try find(feeds, session)
            }
            return known
        }
    }

    private static func find(
        _ feeds: [WriterFeed], _ session: borrowing PostgresSession
    ) throws -> [FeedName: Int16] {
        let rows = try session.query(
            "SELECT name, feed_id FROM feeds WHERE name = ANY ($1::text[])", [.texts(feeds.map(\.name.text))])
        var found: [FeedName: Int16] = [:]
        for row in 0..<rows.count {
            guard let name = rows.text(row, 0).flatMap({ FeedName($0) }), let key = rows.int16(row, 1) else { continue }
            found[name] = key
        }
        return found
    }
}
