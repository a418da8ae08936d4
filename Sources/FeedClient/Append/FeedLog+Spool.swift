import FeedModel
import Logging
import Metrics
import RedisStreams
import Telemetry

/// What a log does while Redis is away or full: entries go to the disk, and from there to Redis when it is back.
extension FeedLog {
    /// How long Redis may be away before the disk takes over.
    static let spoolsAfter = Duration.seconds(1)
    /// What was drained is kept for so long, in case Redis comes back older once more.
    static let keptAfterDrain = Duration.seconds(10)
    /// Above this share of Redis's memory the disk takes over, and until it is below the other one.
    static let memoryShares = (spool: MemoryUse.nearlyFull, drain: 0.8)
    /// How long a drain may keep the socket waiting.
    private static let drainTurn = Duration.milliseconds(200)

    /// True when the spool has taken `closed`, which nobody else has for certain.
    mutating func beginSpooling(_ closed: [NumberedEntry]) async throws -> Bool {
        guard let spool, let first = closed.first else { return false }
        do {
            // Numbers in the spool have no holes: what it still keeps from before goes.
            if let frames = await spool.frames, frames.upperBound + 1 != first.first { await spool.removeAll() }
            note(try await spool.store(closed, term: builder.term))
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
            note(try await spool.store(closed, term: builder.term))
        } catch {
            // The disk or the limit is full: the entries wait here, and the socket behind them.
            isBlocked = true
            defer { isBlocked = false }
            health.report(component, .down("\(error)"))
            logger.critical("the spool takes no more: the socket is not read", metadata: [LogKey.error: "\(error)"])
            while isSpooling {
                await watchMemory()
                try await drain()
                if isSpooling { try await Task.sleep(for: .milliseconds(100)) }
            }
            retained.keep(closed)
            if try await append(closed) { return }
            return try await recover(closed)
        }
        metrics.spooledFrames.increment(by: closed.reduce(0) { $0 + Int($1.last - $1.first) + 1 })
        if ContinuousClock.now >= nextDrain { try await drain() }
    }

    private mutating func note(_ fill: SpoolFill) {
        metrics.spoolBytes.record(fill.bytes)
        guard fill.droppedFrames > knownDropped else { return }
        if knownDropped == 0 { logger.error("the spool is full and drops its oldest frames") }
        metrics.droppedBySpool.increment(by: Int(fill.droppedFrames - knownDropped))
        knownDropped = fill.droppedFrames
    }

    /// Looks at how full Redis is, once a second and before half of what is left can have been appended: a small one
    /// fills faster than that. An absent Redis shows elsewhere.
    mutating func watchMemory() async {
        guard !isRedisAway, bytesUntilMemoryLook <= 0 || ContinuousClock.now >= nextMemoryLook else { return }
        nextMemoryLook = .now + .seconds(1)
        guard let memory = try? await redis.memoryUse() else { return }
        bytesUntilMemoryLook = memory.limit > 0 ? Self.untilNextLook(memory) : .max
        let share = memory.share
        guard share > (isRedisNearlyFull ? Self.memoryShares.drain : Self.memoryShares.spool) else {
            if isRedisNearlyFull { health.report(component, .up) }
            isRedisNearlyFull = false
            return
        }
        let action = spool == nil ? "the socket is not read" : "spooling to disk"
        let percent = Int(share * 100)
        health.report(component, .degraded("redis has \(percent) % of its maxmemory in use; \(action)"))
        if !isRedisNearlyFull {
            logger.warning(
                "redis has little memory left", metadata: ["percent": "\(percent)", "action": "\(action)"])
        }
        isRedisNearlyFull = true
    }

    /// Looking is cheap, but not free: not more often than every megabyte.
    private static func untilNextLook(_ memory: MemoryUse) -> Int {
        max(1 << 20, (Int(Double(memory.limit) * memoryShares.spool) - memory.used) / 2)
    }

    /// Without a spool: what is left of Redis' memory is for those who take something out of it. A log that filled all
    /// of it could never be forwarded.
    mutating func waitForRoom() async throws {
        while isRedisNearlyFull {
            try Task.checkCancellation()
            try await Task.sleep(for: .milliseconds(200))
            await watchMemory()
            // An absent Redis has no memory to wait for: the append finds out what is the matter.
            do { try await lease.confirm() } catch is RedisError { return }
        }
    }

    /// Appends what Redis lacks, oldest first: what was kept before the spool, the spool, what came behind it. Stops
    /// after a turn; `isSpooling` is false when everything is in Redis.
    private mutating func drain() async throws {
        guard let spool else { return }
        let began = ContinuousClock.now
        let deadline = began + Self.drainTurn
        nextDrain = began + .milliseconds(500)
        do {
            var last = try await confirmedHeader()
            guard !isRedisNearlyFull else { return }
            if let frames = await spool.frames,
                let before = retained.following(last.last)?.filter({ $0.last < frames.lowerBound }),
                let end = before.last
            {
                guard try await append(before) else { return }
                last = try RawEntry.header(of: end.payload)
            }
            while ContinuousClock.now < deadline {
                guard let portion = try await spool.portion(after: last) else {
                    return try await endDrain(at: last.last)
                }
                guard try await append(portion.entries) else { return }
                if let kind = portion.missing { noteMissing(kind, behind: last.last) }
                retained.keep(portion.entries)
                last = portion.end
            }
            nextDrain = .now
        } catch let error as RedisError {
            reportAway(error)
            // A Redis that hangs costs a time limit whenever it is asked: the socket has to have most of the time.
            nextDrain = .now + max(.milliseconds(500), (ContinuousClock.now - began) * 4)
        } catch let error as SpoolError {
            throw FeedClientError.continuityLost("\(error)")
        } catch let error as FeedClientError {
            await spool.setAside()
            throw error
        }
    }

    /// The decoder's state lacks what the missing frames said: the provider must say it again.
    private mutating func noteMissing(_ kind: GapKind, behind last: FrameNumber) {
        isImageDue = true
        metrics.gapOpened(kind)
        logger.error("gap: frames are lost", metadata: ["kind": "\(kind.name)", "from": "\(last + 1)"])
    }

    private mutating func endDrain(at position: FrameNumber) async throws {
        if let behind = retained.following(position), !behind.isEmpty {
            guard try await append(behind) else { return }
        }
        (isSpooling, drainedAt, knownDropped) = (false, .now, 0)
        metrics.spoolBytes.record(0)
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

    /// Appends what an earlier term of this feed left in its spool, if nobody has begun another since. What cannot be
    /// read is set aside.
    ///
    /// - Returns: whether entries are lost for good, because Redis is older than the spool or the disk does not give
    /// them.
    static func giveBack(
        _ spool: Spool, redis: RedisConnection, names: StreamNames, logger: Logger
    ) async throws -> Bool {
        do {
            return try await giveBackAll(spool, redis: redis, names: names, logger: logger)
        } catch let error as SpoolError {
            logger.critical("what waits on the disk cannot be read", metadata: [LogKey.error: "\(error)"])
            await spool.setAside()
            return true
        }
    }

    private static func giveBackAll(
        _ spool: Spool, redis: RedisConnection, names: StreamNames, logger: Logger
    ) async throws -> Bool {
        guard let frames = await spool.frames, let term = await spool.term else { return false }
        let header = try await redis.lastEntry(of: names.raw).map { try RawEntry.header(of: $0.payload) }
        guard let header, header.term == term else {
            logger.error(
                "the spool of an earlier process cannot be continued and is set aside",
                metadata: ["spool": "\(frames)", "redis": "\(header.map { "\($0.last)" } ?? "empty")"])
            await spool.setAside()
            return false
        }
        var (last, isLossy) = (header, false)
        while let portion = try await spool.portion(after: last) {
            let outcome = try await redis.append(to: names.raw, portion.entries.map(\.streamEntry))
            guard outcome == .appended else {
                throw FeedClientError.ownershipLost("the spool was not taken: \(outcome)")
            }
            isLossy = isLossy || portion.missing != nil
            last = portion.end
        }
        await spool.removeAll()
        logger.notice("the spool of an earlier process is in redis", metadata: ["frames": "\(frames)"])
        return isLossy
    }
}
