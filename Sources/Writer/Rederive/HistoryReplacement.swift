package import FeedModel
package import PostgresCopy
import RedisStreams

/// Puts other rows in the place of those that entries were written with: what today's decoder makes of the same frames.
///
/// The ledger keeps its entries and gets the new counts, positions stay, dead letters follow. Current state only ever moves
/// forward, as it does when the Writer writes.
package struct HistoryReplacement: Sendable {
    /// An entry that was decoded again.
    package struct Entry: Sendable {
        package let header: RawEntryHeader
        /// The payload that it would have in `events`.
        package let events: [UInt8]
        package let letters: [DeadLetter]

        package init(header: RawEntryHeader, events: [UInt8], letters: [DeadLetter]) {
            self.header = header
            self.events = events
            self.letters = letters
        }
    }

    /// What a replacement did.
    package struct Outcome: Sendable {
        package var entries = 0
        /// Entries that are not in the ledger, and were left alone.
        package var unwritten = 0
        package var rowsBefore = 0
        package var rowsAfter = 0
        /// Messages that are refused now and were not before.
        package var newLetters = 0
        /// Letters whose messages are in the history now.
        package var landedLetters = 0
        /// Entries whose new rows Postgres refused, with its words: they keep the old ones.
        package var refused: [(frame: FrameNumber, why: String)] = []

        package init() {}

        package static func += (left: inout Outcome, right: Outcome) {
            left.entries += right.entries
            left.unwritten += right.unwritten
            left.rowsBefore += right.rowsBefore
            left.rowsAfter += right.rowsAfter
            left.newLetters += right.newLetters
            left.landedLetters += right.landedLetters
            left.refused += right.refused
        }
    }

    private let route: FeedRoute
    private let connection: PostgresConnection
    /// Nothing is kept: only the outcome tells what would have been done.
    private let isTrial: Bool

    package init(feed: FeedName, feedID: Int16, connection: PostgresConnection, isTrial: Bool) {
        route = FeedRoute(index: 0, feedID: feedID, streams: StreamNames(feed: feed))
        self.connection = connection
        self.isTrial = isTrial
    }

    /// Replaces the rows of `entries`, each as a whole or not at all.
    package func replace(_ entries: [Entry]) async throws -> Outcome {
        guard !entries.isEmpty else { return Outcome() }
        let sealed = try SealedBatch(decoding: entries, of: route)
        do {
            return try await commit(sealed, entries)
        } catch {
            guard let failure = Self.refusal(error) else { throw error }
            guard entries.count > 1 else {
                var outcome = Outcome()
                outcome.refused = [(entries[0].header.first, failure)]
                return outcome
            }
            let middle = entries.count / 2
            var outcome = try await replace(Array(entries[..<middle]))
            outcome += try await replace(Array(entries[middle...]))
            return outcome
        }
    }

    private static let tries = 5

    private func commit(_ sealed: SealedBatch, _ entries: [Entry]) async throws -> Outcome {
        let transaction = ReplacementTransaction(
            feedID: route.feedID, sealed: sealed, letters: entries.flatMap(\.letters))
        var attempt = 1
        while true {
            do {
                try await connection.connect()
                return try await connection.withTransaction { session in
                    let outcome = try transaction.run(session)
                    if isTrial { throw TrialOver(outcome: outcome) }
                    return outcome
                }
            } catch let trial as TrialOver {
                return trial.outcome
            } catch {
                guard SinkRetry.sqlStateClass(of: error) == .transient, attempt < Self.tries else { throw error }
                try await Task.sleep(for: .milliseconds(200 * attempt))
                attempt += 1
            }
        }
    }

    /// Thrown to roll a trial back.
    private struct TrialOver: Error {
        let outcome: Outcome
    }

    /// What Postgres says of the rows; nil if they are not what is wrong.
    private static func refusal(_ error: any Error) -> String? {
        switch SinkRetry.sqlStateClass(of: error) {
        case .data, .duplicate, .missingPartition: "\(SinkRetry.postgresError(of: error) ?? .cancelled)"
        default: nil
        }
    }
}

extension SealedBatch {
    /// What the Writer would have made of entries that are not in a stream.
    convenience init(decoding entries: [HistoryReplacement.Entry], of route: FeedRoute) throws {
        var decoder = BatchDecoder()
        var cache = DimensionCache(maximumSelections: 1_000_000)
        for entry in entries {
            let stored = StreamEntry(id: StreamID(UInt64(entry.header.first)), payload: entry.events)
            try decoder.append(stored, of: route, cache: &cache)
        }
        let batch = decoder.take()
        self.init(batch, .drain, cache.resolve(batch))
    }
}
