import FeedModel
import Logging
import PostgresCopy
import RedisStreams
import Telemetry

/// Commits sealed batches, one after the other, and acknowledges their entries. Whatever happens in between, a batch is
/// either committed as a whole or still pending in Redis.
struct BatchCommitter: Sendable {
    let retry: SinkRetry
    let acknowledger: RedisConnection
    let partitions: PartitionKeeper
    let resumedTerms = ResumedTerms()
    let routes: [FeedRoute]
    let tracer: Tracer?
    let metrics: WriterMetrics
    let logger: Logger

    private var connection: PostgresConnection { retry.connection }

    /// Returns once the batch is committed. Throws only when the stage is stopping, or cancelled: nothing is lost then.
    func commit(_ sealed: SealedBatch) async throws -> CommitOutcome {
        retry.sink.began()
        defer { retry.sink.ended() }
        let start = ContinuousClock.now
        var outcome = try await write(sealed)
        let duration = ContinuousClock.now - start
        trace(sealed, outcome, took: duration)
        outcome.isAcknowledged = await acknowledge(sealed)
        metrics.committed(sealed, outcome, in: duration)
        if outcome.lostEntries > 0 {
            logger.error(
                "entries were deleted from their stream before they were written: the loss is on record in feed_gaps",
                metadata: [LogKey.entries: "\(outcome.lostEntries)"])
        }
        return outcome
    }

    private func trace(_ sealed: SealedBatch, _ outcome: CommitOutcome, took duration: Duration) {
        guard let tracer, let span = BatchSpan(sealed.batch.traces) else { return }
        tracer.record(
            span.ended(
                .writeCommit, took: duration.microseconds,
                [
                    .entries(sealed.batch.entries.count), .rows(outcome.rowCount),
                    .trigger(sealed.trigger.rawValue),
                ]))
    }

    private func write(_ sealed: SealedBatch) async throws -> CommitOutcome {
        var start = Exclusions()
        start.repeated = Repetitions(
            in: sealed.batch, held: try await resumedTerms.held(for: sealed.batch, retry))
        return try await retry.run(start) { exclusions in
            try await connection.withTransaction { session in
                try BatchTransaction(sealed: sealed, exclusions: exclusions, isTrial: false).run(session)
            }
        } mend: { error, kind, exclusions in
            try await mend(error, kind, sealed, &exclusions)
        }
    }

    // MARK: Refusals

    private func mend(
        _ error: any Error, _ kind: SQLStateClass, _ sealed: SealedBatch, _ exclusions: inout Exclusions
    ) async throws -> SinkRetry.Remedy {
        guard case .server(let failure)? = SinkRetry.postgresError(of: error),
            failure.sqlState != Self.outOfKeys
        else { return .wait }
        if kind == .missingPartition {
            return try await makePartitions(for: sealed, failure, &exclusions)
        }
        if exclusions.letters.isEmpty { try await requireTables(for: sealed) }
        if let message = (error as? BatchRefusal)?.message, exclusions.letters[message] == nil {
            exclusions.letters[message] = await letter(for: message, failure, sealed)
            note(failure, messages: 1)
            return .retry
        }
        return try await search(sealed, failure, &exclusions)
    }

    /// "sequence generator limit exceeded": of the data class, and no row's fault.
    private static let outOfKeys = "2200H"

    private func note(_ failure: ServerFailure, messages: Int) {
        logger.error(
            "postgres refused messages for what they contain: they become dead letters",
            metadata: [LogKey.error: "\(failure)", LogKey.rows: "\(messages)"])
    }

    /// Before a batch's first message is blamed: throws `SchemaRefusal` if the tables would take none.
    private func requireTables(for sealed: SealedBatch) async throws {
        do {
            try await connection.connect()
            try await connection.withTransaction { session in
                try SchemaProbe(batch: sealed.batch).run(session)
                throw TrialPassed()
            }
        } catch is TrialPassed {
            return
        } catch PostgresError.server(let failure) where [.data, .duplicate].contains(failure.sqlStateClass) {
            throw SchemaRefusal(failure: failure)
        } catch PostgresError.server(let failure) where failure.sqlStateClass == .missingPartition {
            return
        }
    }

    /// Makes the partitions that a batch needs; entries for which there is none, and none is made, become dead letters.
    private func makePartitions(
        for sealed: SealedBatch, _ failure: ServerFailure, _ exclusions: inout Exclusions
    ) async throws -> SinkRetry.Remedy {
        let now = WallClock.now
        let batch = sealed.batch
        let outside = exclusions.leaveOut(of: batch) { _, entry in
            partitions.makesRoom(for: entry.rowsReceivedAt, now: now) ? nil : DeadLetter(refused: entry, failure)
        }
        if outside > 0 { note(failure, messages: outside) }
        guard let times = exclusions.times(of: batch) else { return .retry }
        // The refused COPY has cost the connection.
        try await connection.connect()
        let result = try await partitions.ensure(covering: times, now: now, connection)
        let homeless = exclusions.leaveOut(of: batch, asTold: result, failure)
        if homeless > 0 { note(failure, messages: homeless) }
        return result.made.isEmpty && outside + homeless == 0 ? .wait : .retry
    }

    /// Finds the messages at fault by trying halves, when the refusal does not name a line.
    private func search(
        _ sealed: SealedBatch, _ failure: ServerFailure, _ exclusions: inout Exclusions
    ) async throws -> SinkRetry.Remedy {
        let base = exclusions
        func isFine(_ messages: [MessageID]) async throws -> Bool {
            var trial = base
            trial.only = Set(messages)
            return try await self.isFine(sealed, trial)
        }
        // If even nothing is refused, the fault is not in a message.
        guard try await isFine([]) else { return .wait }
        let candidates = sealed.batch.messages.filter { base.includes($0) }
        let culprits = try await BadRowSearch.culprits(among: candidates, isFine)
        if culprits.isEmpty { return .wait }
        for message in culprits { exclusions.letters[message] = await letter(for: message, failure, sealed) }
        note(failure, messages: culprits.count)
        return .retry
    }

    private func isFine(_ sealed: SealedBatch, _ trial: Exclusions) async throws -> Bool {
        do {
            try await connection.connect()
            try await connection.withTransaction { session in
                _ = try BatchTransaction(sealed: sealed, exclusions: trial, isTrial: true).run(session)
                throw TrialPassed()
            }
            return true
        } catch is TrialPassed {
            return true
        } catch {
            let kind = SinkRetry.sqlStateClass(of: error)
            if kind == .data || kind == .duplicate { return false }
            throw error
        }
    }

    /// Thrown to roll a trial back.
    private struct TrialPassed: Error {}

    // MARK: Letters

    private func letter(
        for message: MessageID, _ failure: ServerFailure, _ sealed: SealedBatch
    ) async -> DeadLetter {
        let position = Position(rawValue: message.position)
        if let letter = sealed.batch.letter(of: message), let stage = DeadLetterStage(rawValue: letter.stage) {
            // Its row has the payload.
            return DeadLetter(
                position: position, stage: stage, reason: .writeRejected, detail: failure.description,
                sqlState: failure.sqlState, payload: [], receivedAt: WallClock.now)
        }
        let entry = sealed.batch.entries.first { entry in
            entry.feedID == message.feedID && (entry.header.first...entry.header.last).contains(position.frame)
        }
        return DeadLetter(
            position: position, stage: .writer, reason: .writeRejected, detail: failure.description,
            sqlState: failure.sqlState, payload: await payload(of: position, in: entry),
            receivedAt: entry?.header.receivedAt ?? WallClock.now)
    }

    /// The frame as the provider sent it, if `raw` still has it; else what became of it, as an entry of `events` of its
    /// own.
    private func payload(of position: Position, in entry: BatchEntry?) async -> [UInt8] {
        guard let entry else { return [] }
        let raw = routes[entry.feed].streams.raw
        let found = try? await acknowledger.range(of: raw, from: entry.id, to: entry.id, count: 1).first
        if let found, let frame = RawFrames.frame(position.frame, of: found.payload) { return frame }
        return EventsExtract.message(at: position, of: entry.payload) ?? entry.payload
    }

    // MARK: Acknowledging

    /// False if Redis did not take the acknowledgement: the entries come again, and the ledger refuses them.
    private func acknowledge(_ sealed: SealedBatch) async -> Bool {
        do {
            for (feed, ids) in sealed.acknowledgements {
                try await acknowledger.acknowledge(
                    stream: routes[feed].streams.events, group: ConsumerGroup.writer, ids)
            }
            return true
        } catch {
            metrics.failed(.redis)
            logger.warning(
                "a committed batch could not be acknowledged: it will come again and be refused by the ledger",
                metadata: [LogKey.error: "\(error)"])
            return false
        }
    }
}

extension PartitionKeeper {
    /// Whether `ensure(covering:)` makes a partition for rows of this time.
    func makesRoom(for time: Timestamp, now: Timestamp) -> Bool {
        time >= now - lateness && time <= now + planner.unit.length * (planner.ahead + 1)
    }
}

extension DeadLetter {
    /// A whole entry that no partition takes.
    init(refused entry: BatchEntry, _ failure: ServerFailure, because why: PartitionError? = nil) {
        self.init(
            position: Position(frame: entry.header.first, ordinal: 0), stage: .writer, reason: .writeRejected,
            detail: "received at \(entry.rowsReceivedAt): \(why?.description ?? failure.description)",
            sqlState: failure.sqlState, payload: entry.payload, receivedAt: entry.header.receivedAt)
    }
}
