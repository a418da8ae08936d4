import FeedModel
import Logging
import RedisStreams
import Telemetry

/// What a log does while Redis is away or full: entries go to the disk, and from there to Redis when it is back.
extension FeedLog {
    /// How long Redis may be away before the disk takes over.
    static let spoolsAfter = Duration.seconds(1)
    /// What was drained is kept for so long, in case Redis comes back older once more.
    static let keptAfterDrain = Duration.seconds(10)
    /// How long a drain may keep the socket waiting.
    private static let drainTurn = Duration.milliseconds(200)

    /// True when the spool has taken `closed`, which nobody else has for certain.
    mutating func beginSpooling(_ closed: [NumberedEntry]) async throws -> Bool {
        guard let spool, let first = closed.first else { return false }
        do {
            // Numbers in the spool have no holes: what it still keeps from before goes.
            if let frames = await spool.frames, frames.upperBound + 1 != first.first { await spool.removeAll() }
            try await spool.store(closed, term: builder.term)
        } catch {
            logger.critical("the spool cannot take over: the socket is not read", metadata: [LogKey.error: "\(error)"])
            return false
        }
        (isSpooling, drainedAt, nextDrain) = (true, nil, .now)
        logger.warning("spooling to disk until redis is back", metadata: ["frame": "\(first.first)"])
        return true
    }

    mutating func flushSpooling(_ closed: [NumberedEntry]) async throws {
        guard let spool else { return }
        do {
            try await spool.store(closed, term: builder.term)
        } catch {
            // The disk or the limit is full: the entries wait here, and the socket behind them.
            health.report(component, .down("\(error)"))
            logger.critical("the spool takes no more: the socket is not read", metadata: [LogKey.error: "\(error)"])
            while isSpooling {
                try await drain()
                if isSpooling { try await Task.sleep(for: .milliseconds(100)) }
            }
            retained.keep(closed)
            if try await append(closed) { return }
            return try await recover(closed)
        }
        if ContinuousClock.now >= nextDrain { try await drain() }
    }

    /// Appends what Redis lacks, oldest first: what was kept before the spool, the spool, what came behind it. Stops after a
    /// turn; `isSpooling` is false when everything is in Redis.
    private mutating func drain() async throws {
        guard let spool else { return }
        let deadline = ContinuousClock.now + Self.drainTurn
        nextDrain = .now + .milliseconds(500)
        do {
            var position = try await confirmedFrame()
            if let frames = await spool.frames, position + 1 < frames.lowerBound {
                let before = retained.following(position)?.filter { $0.last < frames.lowerBound }
                guard let before, !before.isEmpty else { throw Self.tooOld(position) }
                guard try await append(before) else { return }
                position = frames.lowerBound - 1
            }
            while ContinuousClock.now < deadline {
                let entries = try await spool.entries(after: position)
                guard let last = entries.last else { return try await endDrain(at: position) }
                guard try await append(entries) else { return }
                retained.keep(entries)
                position = last.last
            }
            nextDrain = .now
        } catch let error as RedisError {
            reportAway(error)
        } catch let error as SpoolError {
            throw FeedClientError.continuityLost("\(error)")
        } catch let error as FeedClientError {
            await spool.setAside()
            throw error
        }
    }

    private mutating func endDrain(at position: FrameNumber) async throws {
        if let behind = retained.following(position), !behind.isEmpty {
            guard try await append(behind) else { return }
        }
        (isSpooling, drainedAt) = (false, .now)
        logger.notice("redis is back: the spool is drained", metadata: ["frame": "\(position)"])
    }

    /// Redis is older than what memory keeps: perhaps the spool, drained a moment ago, still has it.
    mutating func recoverFromSpool(after last: FrameNumber) async throws {
        guard let frames = await spool?.frames, frames.contains(last + 1) else { throw Self.tooOld(last) }
        (isSpooling, drainedAt, nextDrain) = (true, nil, .now)
        try await drain()
    }

    mutating func forgetSpool() async {
        await spool?.removeAll()
        drainedAt = nil
    }

    /// Appends what an earlier process of this feed left in its spool, if nobody has begun a term since.
    ///
    /// - Returns: whether entries are lost for good, because Redis is older than the spool.
    static func giveBack(
        _ spool: Spool, redis: RedisConnection, names: StreamNames, logger: Logger
    ) async throws -> Bool {
        guard let frames = await spool.frames, let term = await spool.term else { return false }
        let header = try await redis.lastEntry(of: names.raw).map { try RawEntry.header(of: $0.payload) }
        guard let header, header.term == term, header.last + 1 >= frames.lowerBound else {
            logger.error(
                "the spool of an earlier process cannot be continued and is set aside",
                metadata: ["spool": "\(frames)", "redis": "\(header.map { "\($0.last)" } ?? "empty")"])
            await spool.setAside()
            return header?.term == term
        }
        var position = header.last
        while let last = try await giveBack(after: position, spool, redis: redis, names: names) { position = last }
        await spool.removeAll()
        logger.notice("the spool of an earlier process is in redis", metadata: ["frames": "\(frames)"])
        return false
    }

    /// Appends the next entries; the last frame of them, nil at the end.
    private static func giveBack(
        after position: FrameNumber, _ spool: Spool, redis: RedisConnection, names: StreamNames
    ) async throws -> FrameNumber? {
        let entries = try await spool.entries(after: position)
        guard let last = entries.last else { return nil }
        let outcome = try await redis.append(to: names.raw, entries.map(\.streamEntry))
        guard outcome == .appended else {
            throw FeedClientError.ownershipLost("the spool was not taken: \(outcome)")
        }
        return last.last
    }
}
