import Logging
import PostgresCopy
import Telemetry

/// Keeps trying to write something to Postgres, for ever if need be: connects, classifies what goes wrong, waits.
///
/// Every writer of this stage goes through it, so that an outage looks the same wherever it is noticed: readiness says
/// so, nothing more is read, and the first success ends it.
struct SinkRetry: Sendable {
    let connection: PostgresConnection
    let sink: SinkState
    let stop: StopSignal
    let backoff: RetryBackoff
    let metrics: WriterMetrics
    let logger: Logger

    /// What an operation's owner does about an error before it is tried again.
    enum Remedy {
        /// Something was mended: try again at once.
        case retry
        /// Nothing to mend here: wait.
        case wait
    }

    /// Runs `operation` until it succeeds.
    ///
    /// - Parameters:
    ///   - plan: what the operation does, changed by `mend` in the light of refusals.
    ///   - mend: asked about refusals that may be mended: a missing partition, a row at fault. An error that it throws is
    ///     treated like one of the operation's.
    /// - Throws: `CancellationError`; `WriterError.abandoned` when the stage is stopping and Postgres is away.
    func run<Plan, T: Sendable>(
        _ plan: Plan, _ operation: (Plan) async throws -> T,
        mend: (any Error, SQLStateClass, inout Plan) async throws -> Remedy
    ) async throws -> T {
        var plan = plan
        var backoff = self.backoff
        var conflicts = 0
        while true {
            let wasStopping = stop.isRequested
            do {
                try await connection.connect()
                let result = try await operation(plan)
                sink.recovered()
                return result
            } catch {
                guard let error = try await mended(error, { try await mend($0, $1, &plan) }) else { continue }
                await leaveServer(after: error)
                if wasStopping { throw WriterError.abandoned("\(error)") }
                if Self.isConflict(error), conflicts < Self.quickRetries {
                    conflicts += 1
                    metrics.failed(.conflict)
                    try await stop.pause(for: .milliseconds(Int.random(in: 2...40)))
                    continue
                }
                try await pause(after: error, &backoff)
            }
        }
    }

    private static let quickRetries = 10
    /// Until somebody has mended schema, permissions or password.
    private static let slowLane = Duration.seconds(30)

    /// Nil if the operation can be tried again at once; else what is still wrong.
    private func mended(
        _ error: any Error, _ mend: (any Error, SQLStateClass) async throws -> Remedy
    ) async throws -> (any Error)? {
        let kind = Self.sqlStateClass(of: error)
        if kind == .cancelled || Task.isCancelled { throw CancellationError() }
        guard [.missingPartition, .data, .duplicate].contains(kind) else { return error }
        do {
            return try await mend(error, kind) == .retry ? nil : error
        } catch let error as WriterError {
            throw error
        } catch {
            if Task.isCancelled || Self.sqlStateClass(of: error) == .cancelled { throw CancellationError() }
            return error
        }
    }

    /// Deadlocks and serialisation failures: normal where writers meet, over at the next attempt.
    private static func isConflict(_ error: any Error) -> Bool {
        ["40P01", "40001"].contains(postgresError(of: error)?.sqlState)
    }

    static func postgresError(of error: any Error) -> PostgresError? {
        (error as? PostgresError) ?? (error as? BatchRefusal)?.error
    }

    static func sqlStateClass(of error: any Error) -> SQLStateClass {
        if error is CancellationError { return .cancelled }
        if error is SchemaRefusal { return .needsPerson }
        return postgresError(of: error)?.sqlStateClass ?? .other
    }

    /// What this connection says it says for ever, while another may be better: a plan that changed, a server that has become
    /// a standby.
    private func leaveServer(after error: any Error) async {
        guard let error = Self.postgresError(of: error) else { return }
        if error.sqlStateClass == .other || error.sqlState == Self.readOnly { await connection.close() }
    }

    /// "read only SQL transaction".
    private static let readOnly = "25006"

    // MARK: Waiting

    private func pause(after error: any Error, _ backoff: inout RetryBackoff) async throws {
        var random = SystemRandomNumberGenerator()
        let needsPerson = Self.sqlStateClass(of: error) == .needsPerson
        let wait = needsPerson ? Self.slowLane : backoff.next(using: &random)
        let what = Self.postgresError(of: error).map { "\($0)" } ?? "\(error)"
        sink.failed(needsPerson ? "stopped until it is mended: \(what)" : what)
        metrics.failed(needsPerson ? .refused : .away)
        logger.warning(
            needsPerson ? "postgres refuses what only a person can mend" : "postgres is away",
            metadata: [LogKey.error: "\(what)"])
        try await stop.pause(for: wait)
    }
}
