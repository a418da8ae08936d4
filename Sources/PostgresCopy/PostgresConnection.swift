import CLibPQ
import DedicatedThread

/// One connection to Postgres with a thread of its own, on which libpq may block.
///
/// Nothing is retried behind the caller's back: after a loss every call throws until `connect()` succeeds again. Work is
/// done in `withSession` or `withTransaction`, whose closures run on the connection's thread from beginning to end, so that
/// nobody else's statement can come between two of theirs. The caller's task may be cancelled: the server is then asked to
/// stop the running statement, and the call throws `.cancelled`.
package actor PostgresConnection {
    private nonisolated let thread: DedicatedThread
    private let configuration: PostgresConfiguration
    private var link: PostgresLink?
    /// Cancels what the connection is doing; from any thread.
    package nonisolated let canceller = PostgresCanceller()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package init(configuration: PostgresConfiguration) {
        self.configuration = configuration
        thread = DedicatedThread(name: String(configuration.name.prefix(15)))
    }

    package init(
        url: String, name: String, statementTimeout: Duration? = .seconds(30), requiresPrimary: Bool = false
    ) {
        var configuration = PostgresConfiguration(url: url, name: name, statementTimeout: statementTimeout)
        configuration.requiresPrimary = requiresPrimary
        self.init(configuration: configuration)
    }

    deinit { thread.stop() }

    /// Reads a URL as libpq would, without connecting; throws `.invalidURL`.
    package static func validate(url: String) throws(PostgresError) { try PostgresLink.validate(url: url) }

    package var isConnected: Bool { link?.isOpen ?? false }

    /// Connects, or does nothing when connected. Bounded by the configuration's `connectTimeout` for each host of the URL.
    package func connect() throws(PostgresError) {
        if isConnected { return }
        link = nil
        link = try PostgresLink(configuration, canceller: canceller)
    }

    package func close() {
        link?.close("it was closed")
        link = nil
    }

    /// Runs `body` with the connection to itself. Each statement commits on its own unless `body` says otherwise; a
    /// transaction that `body` leaves open is rolled back.
    @discardableResult
    package func withSession<T: Sendable>(
        _ body: @Sendable (borrowing PostgresSession) throws -> T
    ) async throws -> T {
        try await cancelling { try self.session(in: .none, body) }
    }

    /// Runs `body` in a transaction: BEGIN travels with its first statement, COMMIT follows its return, ROLLBACK its throw.
    @discardableResult
    package func withTransaction<T: Sendable>(
        _ body: @Sendable (borrowing PostgresSession) throws -> T
    ) async throws -> T {
        try await cancelling { try self.session(in: .open, body) }
    }

    /// The same with something that cannot be copied, such as encoders: lent to the connection's thread and given back with
    /// its buffers, whether the transaction succeeds or not.
    @discardableResult
    package func withTransaction<Loan: ~Copyable & Sendable, T: Sendable>(
        lending loan: inout Loan, _ body: @Sendable (borrowing PostgresSession, inout Loan) throws -> T
    ) async throws -> T {
        try await cancelling { try self.session(in: .open) { try body($0, &loan) } }
    }

    private enum Transaction {
        case none
        case open
    }

    /// Everything that belongs to the session happens inside the synchronous part: calling the handler may suspend, and
    /// another session may then run first.
    private func cancelling<T: Sendable>(_ operation: () throws -> T) async throws -> T {
        let session = canceller.nextSession()
        return try await withTaskCancellationHandler {
            canceller.sessionBegan(session)
            defer { canceller.sessionEnded() }
            // A task that was cancelled before its session began is noticed here, a later one by the handler.
            if Task.isCancelled { throw PostgresError.cancelled }
            return try operation()
        } onCancel: {
            canceller.cancel(session: session)
        }
    }

    private func session<T: Sendable>(
        in transaction: Transaction, _ body: (borrowing PostgresSession) throws -> T
    ) throws -> T {
        guard let link, link.isOpen else { throw PostgresError.connectionLost("it is not open") }
        let session = PostgresSession(link: link)
        link.hasPendingBegin = transaction == .open
        do {
            let result = try body(session)
            try end(session, committing: transaction == .open)
            return result
        } catch {
            abandon(session)
            throw error
        }
    }

    /// Commits what the body left open, or undoes it if nobody asked for a transaction.
    private func end(_ session: borrowing PostgresSession, committing: Bool) throws {
        // A transaction in which nothing was sent never began.
        session.link.hasPendingBegin = false
        switch session.link.transactionStatus {
        case PQTRANS_IDLE: return
        case PQTRANS_INTRANS where committing: try session.execute("COMMIT")
        default: throw PostgresError.unexpectedResult("a transaction was left open or failed")
        }
    }

    private func abandon(_ session: borrowing PostgresSession) {
        session.link.hasPendingBegin = false
        guard session.link.isOpen, session.link.transactionStatus != PQTRANS_IDLE else { return }
        do {
            try session.execute("ROLLBACK")
        } catch {
            session.link.close("ROLLBACK failed: \(error)")
        }
    }
}
