import CLibPQ
import Glibc

/// One libpq connection: sending, waiting and reading, each wait bounded. Used by one thread only, which is why it is not
/// Sendable. Once it is lost it stays lost; whoever wants to go on makes another.
///
/// libpq runs in its non-blocking mode and this class waits on the socket itself: libpq's own waits end only when the
/// kernel gives the peer up, which it never does for a backend that is stopped but still has a socket.
final class PostgresLink {
    private var handle: OpaquePointer?
    private let answerTimeout: Duration?
    private var prepared: [StatementKey: String] = [:]
    private var namesGiven = 0
    private var whyClosed = "it is not open"
    let canceller: PostgresCanceller
    /// A transaction was asked for; its BEGIN travels with the first statement.
    var hasPendingBegin = false

    init(_ configuration: PostgresConfiguration, canceller: PostgresCanceller) throws(PostgresError) {
        answerTimeout = configuration.answerTimeout
        self.canceller = canceller
        handle = try Self.open(configuration)
        PQsetnonblocking(handle, 1)
        // Without a receiver libpq writes notices to standard error.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        canceller.arm(PQgetCancel(handle))
        let settings = configuration.sessionSettings.joined(separator: ";")
        try send("settings") { PQsendQuery($0, settings) }
        try settle()
    }

    deinit { close("it was released") }

    var isOpen: Bool { handle != nil }

    /// Whether a transaction is open, failed or absent.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(handle) }

    /// "15.18"-like text and the number libpq makes of it (150018).
    var serverVersion: Int { Int(PQserverVersion(handle)) }

    func close(_ why: String) {
        guard let handle else { return }
        whyClosed = why
        hasPendingBegin = false
        canceller.disarm()
        PQfinish(handle)
        self.handle = nil
        prepared = [:]
    }

    private static func open(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        try validate(url: configuration.url)
        let parameters = ConnectionParameters(configuration.connectionParameters)
        guard let handle = parameters.with({ PQconnectdbParams($0, $1, 1) }) else {
            throw .connectionFailed("out of memory")
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            let message = Self.message(of: handle)
            PQfinish(handle)
            if let verdict = ConnectionVerdict.of(parameters, within: configuration.connectTimeout) {
                throw .server(verdict)
            }
            throw .connectionFailed(message)
        }
        return handle
    }

    /// Reads the URL as libpq would, without connecting.
    static func validate(url: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            defer { PQfreemem(message) }
            throw .invalidURL(message.map { String(cString: $0).trimmed } ?? "out of memory")
        }
        PQconninfoFree(options)
    }

    static func message(of handle: OpaquePointer?) -> String {
        PQerrorMessage(handle).map { String(cString: $0).trimmed } ?? ""
    }

    // MARK: Sending and waiting

    /// Calls a libpq function that queues something to send, then sends.
    func send(_ what: String, _ call: (OpaquePointer) -> Int32) throws(PostgresError) {
        guard let handle else { throw .connectionLost(whyClosed) }
        guard call(handle) == 1 else {
            guard PQstatus(handle) == CONNECTION_OK else { throw reportedLoss() }
            let message = Self.message(of: handle)
            close("\(what): \(message)")
            throw .unexpectedResult("\(what): \(message)")
        }
        try flush()
    }

    /// Hands everything queued to the kernel.
    func flush() throws(PostgresError) {
        let deadline = Deadline(answerTimeout)
        while true {
            guard let handle else { throw .connectionLost(whyClosed) }
            switch PQflush(handle) {
            case 0: return
            case 1: try wait(POLLIN | POLLOUT, until: deadline)
            default: throw reportedLoss()
            }
        }
    }

    /// Waits for the socket; reads what has come, so that neither side can block the other.
    private func wait(_ events: Int32, until deadline: Deadline) throws(PostgresError) {
        guard let handle else { throw .connectionLost(whyClosed) }
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        let ready = poll(&descriptor, 1, deadline.pollMilliseconds)
        if ready == 0, deadline.isOver {
            let why = "no answer within \(answerTimeout ?? .zero)"
            close(why)
            throw .connectionLost(why)
        }
        // An interrupted poll is simply asked again.
        guard ready > 0, descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { return }
        // A failure shows itself in the results, where the server's last words are as well.
        _ = PQconsumeInput(handle)
    }

    /// The next result of what was sent; nil at the end of a statement's results. The caller owns it.
    func nextResult() throws(PostgresError) -> OpaquePointer? {
        let deadline = Deadline(answerTimeout)
        while true {
            guard let handle else { throw .connectionLost(whyClosed) }
            if PQflush(handle) == 1 {
                try wait(POLLIN | POLLOUT, until: deadline)
            } else if PQisBusy(handle) == 1, PQstatus(handle) == CONNECTION_OK {
                try wait(POLLIN, until: deadline)
            } else {
                return PQgetResult(handle)
            }
        }
    }

    /// The next piece of a COPY TO, which the caller frees with `PQfreemem`; nil at its end.
    func nextCopyData() throws(PostgresError) -> UnsafeMutableRawBufferPointer? {
        let deadline = Deadline(answerTimeout)
        while true {
            guard let handle else { throw .connectionLost(whyClosed) }
            var piece: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(handle, &piece, 1)
            switch length {
            case 0: try wait(POLLIN, until: deadline)
            case 1...: return UnsafeMutableRawBufferPointer(start: piece, count: Int(length))
            // The end, or an error that the next result tells.
            default: return nil
            }
        }
    }

    /// Reads all results of what was sent and throws the first refusal among them.
    func settle() throws(PostgresError) {
        var refusal: PostgresError?
        while let result = try nextResult() {
            let status = PQresultStatus(result)
            if status == PGRES_FATAL_ERROR, refusal == nil { refusal = failure(from: result) }
            PQclear(result)
            if status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH {
                close("a COPY where none was expected")
                throw .unexpectedResult("a COPY where none was expected")
            }
        }
        try rethrow(refusal)
    }

    /// Closes a connection that died with the refusal, then throws it.
    func rethrow(_ refusal: PostgresError?) throws(PostgresError) {
        if let handle, PQstatus(handle) != CONNECTION_OK { close(Self.message(of: handle)) }
        if let refusal { throw refusal }
        if handle == nil { throw .connectionLost(whyClosed) }
    }

    /// What the server said before it hung up, if it said anything; the connection is closed.
    private func reportedLoss() -> PostgresError {
        var refusal: PostgresError?
        while let handle, refusal == nil, let result = PQgetResult(handle) {
            if PQresultStatus(result) == PGRES_FATAL_ERROR { refusal = failure(from: result) }
            let isCopying = PQresultStatus(result) == PGRES_COPY_IN
            PQclear(result)
            if isCopying, PQputCopyEnd(handle, nil) != 1 { break }
        }
        let message = handle.map { Self.message(of: $0) } ?? whyClosed
        close(message)
        return refusal ?? .connectionLost(message)
    }

    /// The error in a result.
    func failure(from result: OpaquePointer?) -> PostgresError {
        let failure = ServerFailure(reading: result)
        if failure.sqlState.isEmpty {
            return .connectionLost(failure.message.isEmpty ? Self.message(of: handle) : failure.message)
        }
        if failure.sqlState == "57014", canceller.wasAsked { return .cancelled }
        return .server(failure)
    }

    // MARK: Prepared statements

    /// Runs statements in one round trip, each prepared the first time it is seen. One result each, which the caller owns;
    /// after a refusal, none.
    func run(_ statements: [PostgresStatement]) throws(PostgresError) -> [OpaquePointer] {
        guard let handle else { throw .connectionLost(whyClosed) }
        guard PQenterPipelineMode(handle) == 1 else { throw .unexpectedResult(Self.message(of: handle)) }
        var steps: [PipelineStep] = []
        if hasPendingBegin {
            hasPendingBegin = false
            try queue(PostgresStatement("BEGIN"), isWanted: false, into: &steps)
        }
        for statement in statements { try queue(statement, isWanted: true, into: &steps) }
        try send("sync") { PQpipelineSync($0) }
        let results = try collect(steps)
        if let handle = self.handle { PQexitPipelineMode(handle) }
        return results
    }

    private func queue(
        _ statement: PostgresStatement, isWanted: Bool, into steps: inout [PipelineStep]
    ) throws(PostgresError) {
        let key = StatementKey(sql: statement.sql, types: statement.parameters.map(\.type))
        let name: String
        if let known = prepared[key] ?? steps.queuedName(of: key) {
            name = known
        } else {
            name = try prepare(key, into: &steps)
        }
        try queue("execute") { statement.send(on: $0, as: name) }
        steps.append(.execute(isWanted: isWanted))
    }

    private func prepare(_ key: StatementKey, into steps: inout [PipelineStep]) throws(PostgresError) -> String {
        // A name is used once: a statement whose preparation failed may exist all the same.
        namesGiven += 1
        let name = "t\(namesGiven)"
        try queue("prepare") { PQsendPrepare($0, name, key.sql, Int32(key.types.count), key.types) }
        steps.append(.prepare(key, name: name))
        return name
    }

    private func queue(_ what: String, _ call: (OpaquePointer) -> Int32) throws(PostgresError) {
        guard let handle else { throw .connectionLost(whyClosed) }
        if call(handle) == 1 { return }
        if PQstatus(handle) != CONNECTION_OK { throw reportedLoss() }
        let message = Self.message(of: handle)
        close(message)
        throw .unexpectedResult("\(what): \(message)")
    }

    /// Reads one result per step and the sync behind them.
    private func collect(_ steps: [PipelineStep]) throws(PostgresError) -> [OpaquePointer] {
        var wanted: [OpaquePointer] = []
        var refusal: PostgresError?
        do {
            for step in steps {
                while let result = try nextResult() {
                    let status = PQresultStatus(result)
                    let isFine = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                    if status == PGRES_FATAL_ERROR, refusal == nil { refusal = failure(from: result) }
                    if isFine, case .prepare(let key, let name) = step { prepared[key] = name }
                    if isFine, case .execute(isWanted: true) = step { wanted.append(result) } else { PQclear(result) }
                }
                if handle.map({ PQstatus($0) != CONNECTION_OK }) ?? true { break }
            }
            if let handle, PQstatus(handle) == CONNECTION_OK { PQclear(try nextResult()) }
            try rethrow(refusal)
        } catch {
            for result in wanted { PQclear(result) }
            if let handle { PQexitPipelineMode(handle) }
            throw error
        }
        return wanted
    }
}

/// What the server plans a statement for.
private struct StatementKey: Hashable {
    let sql: String
    let types: [UInt32]
}

/// One thing that the server answers in a pipeline.
private enum PipelineStep {
    case prepare(StatementKey, name: String)
    case execute(isWanted: Bool)
}

extension [PipelineStep] {
    /// The name under which an earlier step of the same pipeline prepares the statement.
    fileprivate func queuedName(of key: StatementKey) -> String? {
        for case .prepare(key, let name) in self { return name }
        return nil
    }
}
