import FeedModel
import Logging
import RedisStreams
import Telemetry

/// The decoder's state as of a forwarded frame.
struct DecoderCheckpoint {
    let frame: FrameNumber
    let state: [UInt8]
}

/// Brings a decoder to where `events` stands: the checkpoint, then a silent replay of `raw` up to the last forwarded frame.
///
/// If the chain is broken in between, the decoder starts empty and the provider is asked for a fresh image.
struct DecoderRecovery {
    let feed: ProcessedFeed
    let names: StreamNames
    let redis: RedisConnection
    let logger: Logger

    /// A decoder, and the frame of the checkpoint it started from (0: none).
    struct Recovered: ~Copyable {
        var decoding: EntryDecoding
        let checkpointed: FrameNumber
    }

    /// Where `raw` can be read again when `events` is gone with all that was in it: behind the decoder's checkpoint, as far back
    /// as `raw` is kept.
    func beginningOfRaw() async throws -> FrameNumber {
        try await redis.checkpoint(names.decoder).map { FrameNumber(clamping: $0.rank) } ?? 0
    }

    /// The decoder as of `frame`.
    func restore(to frame: FrameNumber) async throws -> Recovered {
        guard frame > 0 else { return Recovered(decoding: try EntryDecoding(feed: feed), checkpointed: 0) }
        let checkpoint = try await loadCheckpoint(notAfter: frame)
        var decoding = try EntryDecoding(feed: feed)
        if let checkpoint {
            do { decoding = try EntryDecoding(feed: feed, restoring: checkpoint.state) } catch {
                return try await startEmpty("its checkpoint cannot be read: \(error)", checkpointed: checkpoint.frame)
            }
        }
        let start = checkpoint?.frame ?? 0
        guard try await replay(&decoding, from: start, to: frame) else {
            return try await startEmpty("the raw stream no longer reaches back to its checkpoint", checkpointed: start)
        }
        return Recovered(decoding: decoding, checkpointed: start)
    }

    private func loadCheckpoint(notAfter frame: FrameNumber) async throws -> DecoderCheckpoint? {
        guard let stored = try await redis.checkpoint(names.decoder), stored.rank <= UInt64(frame) else { return nil }
        return DecoderCheckpoint(frame: FrameNumber(stored.rank), state: stored.value)
    }

    /// Decodes what was forwarded already and throws the result away. False if an entry is missing on the way.
    private func replay(_ decoding: inout EntryDecoding, from start: FrameNumber, to end: FrameNumber) async throws
        -> Bool
    {
        var last = start
        while last < end {
            let entries = try await redis.range(
                of: names.raw, from: StreamID(UInt64(last + 1)), to: StreamID(UInt64(end)), count: 256)
            guard !entries.isEmpty else { return false }
            for entry in entries {
                let header: RawEntryHeader
                do { header = try RawEntry.header(of: entry.payload) } catch EntryError.unknownVersion(let version) {
                    throw ProcessorError.unreadable(.unknownVersion(version))
                } catch {
                    // It was a letter then, and nothing else.
                    continue
                }
                guard header.prev == last else { return false }
                do { _ = try decoding.decode(entry.payload, header: header) } catch { return false }
                last = header.last
            }
        }
        _ = decoding.takeCounters()
        return true
    }

    private func startEmpty(
        _ why: String, checkpointed: FrameNumber
    ) async throws -> Recovered {
        logger.warning("decoder starts empty and asks for a fresh image", metadata: [LogKey.error: "\(why)"])
        try await requestImage(why)
        return Recovered(decoding: try EntryDecoding(feed: feed), checkpointed: checkpointed)
    }

    /// Replaces the checkpoint unless a later one is there: a zombie must not set its successor back.
    func store(_ checkpoint: DecoderCheckpoint) async throws {
        _ = try await redis.advanceCheckpoint(names.decoder, rank: UInt64(checkpoint.frame), checkpoint.state)
    }

    func requestImage(_ why: String) async throws {
        let request = FeedRequest.freshImage(why: why).encoded()
        // Far more than anybody waits for: requests of others must not go because of ours.
        _ = try await redis.command([
            "XADD", RedisArgument(names.requests), "MAXLEN", "~", "100000", "*", "e", RedisArgument(request),
        ])
    }
}
