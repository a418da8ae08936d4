import FeedModel
import Logging
import RedisStreams
import Telemetry

/// A feed's state while it is built: from the checkpoint and what follows it, or else from all that the stream still holds.
struct FeedLoad: Sendable {
    let began: Moment
    var book: FeedBook
    /// The stream must continue where the book ends; otherwise it is built from what the stream has.
    let isFromCheckpoint: Bool
}

extension EventsReader {
    /// Batches read for all loading feeds together before the others have their turn.
    private static let loadedBatchesPerTurn = 8

    private enum LoadStep {
        case unfinished
        case finished
        /// What the stream holds does not continue the checkpoint.
        case refused
    }

    /// Goes on building the states of the feeds that are not loaded, some batches each: the other feeds are read meanwhile.
    mutating func load() async throws {
        let feeds = unloaded.sorted()
        let share = max(1, Self.loadedBatchesPerTurn / max(1, feeds.count))
        for feed in feeds {
            // Taken out, so that the book is changed in place; what fails halfway begins again.
            var load: FeedLoad
            if let begun = loads.removeValue(forKey: feed) { load = begun } else { load = try await begin(feed) }
            switch try await advance(&load, batches: share) {
            case .unfinished: loads[feed] = load
            case .finished: finish(feed, load)
            case .refused: loads[feed] = fresh(feed, since: load.began)
            }
        }
    }

    private mutating func begin(_ feed: Int) async throws -> FeedLoad {
        let began = clock.now
        skipped[feed] = nil
        guard let book = try await checkpointed(feed) else { return fresh(feed, since: began) }
        return FeedLoad(began: began, book: book, isFromCheckpoint: true)
    }

    private mutating func fresh(_ feed: Int, since began: Moment) -> FeedLoad {
        skipped[feed] = nil
        let book = FeedBook(name: configuration.feeds[feed], index: feed, numbers: numbers)
        return FeedLoad(began: began, book: book, isFromCheckpoint: false)
    }

    private mutating func finish(_ feed: Int, _ load: FeedLoad) {
        distributor.replace(load.book)
        unloaded.remove(feed)
        drainedOn[feed] = connections
        liveOn[feed] = nil
        logger.info(
            "feed is loaded",
            metadata: [
                LogKey.feed: "\(configuration.feeds[feed])", "lanes": "\(load.book.lanes.count)",
                "checkpoint": "\(load.isFromCheckpoint)", "frame": "\(load.book.chain.last ?? 0)",
                "duration": "\(clock.now.monotonic - load.began.monotonic)",
            ])
    }

    private func checkpointed(_ feed: Int) async throws -> FeedBook? {
        guard let stored = try await connection.checkpoint(checkpoints[feed]) else { return nil }
        do {
            let checkpoint = try BookCheckpoint(decoding: stored.value)
            return FeedBook(name: configuration.feeds[feed], index: feed, numbers: numbers, restoring: checkpoint)
        } catch {
            metrics.failed("checkpoint")
            logger.warning(
                "checkpoint is not used",
                metadata: [LogKey.feed: "\(configuration.feeds[feed])", LogKey.error: "\(error)"])
            return nil
        }
    }

    /// Applies what the stream holds behind the book, so many batches of it at most.
    private mutating func advance(_ load: inout FeedLoad, batches: Int) async throws -> LoadStep {
        let feed = load.book.index
        var encoding = FrameEncoding()
        for _ in 0..<batches {
            let read = try await connection.read(
                [(stream: streams[feed], after: position(of: load.book))], count: configuration.batchEntries,
                block: nil)
            guard let entries = read.first?.entries, !entries.isEmpty else { return .finished }
            encoding.now = clock.now
            for entry in entries {
                switch apply(entry, to: &load, &encoding) {
                case .unfinished: continue
                case let ended: return ended
                }
            }
        }
        return .unfinished
    }

    private mutating func apply(
        _ entry: StreamEntry, to load: inout FeedLoad, _ encoding: inout FrameEncoding
    ) -> LoadStep {
        let isStrict = load.isFromCheckpoint
        do {
            switch try load.book.apply(entry.payload, acceptingHoles: !isStrict, isWatched: false, &encoding) {
            case .hole, .fork: return isStrict ? .refused : .unfinished
            case .continues, .first: return .unfinished
            }
        } catch EntryError.unknownVersion(let version) {
            stop(load.book.index, "\(EntryError.unknownVersion(version))")
            return .finished
        } catch {
            skip(entry.id, load.book.index, error)
            return .unfinished
        }
    }
}
