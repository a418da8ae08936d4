/// What can go wrong between us and Postgres.
package enum PostgresError: Error, Sendable, Equatable {
    /// The URL or connection string cannot be read.
    case invalidURL(String)
    /// No connection could be made; the text is the server's or the operating system's.
    case connectionFailed(String)
    /// The connection broke, did not answer in time, or was closed earlier. Whether the last COMMIT happened is not known.
    case connectionLost(String)
    /// The server refused.
    case server(ServerFailure)
    /// Cut short because this process asked for it.
    case cancelled
    /// The caller gave a COPY up; nothing of its transaction is kept and the connection is closed.
    case copyAborted(String)
    /// The answer is not what the statement calls for: a fault of this program.
    case unexpectedResult(String)
}

extension PostgresError {
    /// What kind of trouble it is, and so what a sink does about it.
    package var sqlStateClass: SQLStateClass {
        switch self {
        case .connectionFailed, .connectionLost: .transient
        case .server(let failure): failure.sqlStateClass
        case .cancelled: .cancelled
        case .copyAborted: .data
        case .invalidURL: .needsPerson
        case .unexpectedResult: .other
        }
    }

    /// The same statement may succeed later, on a new connection if need be.
    package var isRetriable: Bool {
        switch sqlStateClass {
        case .transient, .missingPartition, .other: true
        case .data, .duplicate, .needsPerson, .cancelled: false
        }
    }

    /// The server's five characters, empty if it was not the server who refused.
    package var sqlState: String {
        if case .server(let failure) = self { failure.sqlState } else { "" }
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidURL(let why): "the Postgres URL cannot be read: \(why)"
        case .connectionFailed(let why): "cannot connect to Postgres: \(why)"
        case .connectionLost(let why): "the connection to Postgres was lost: \(why)"
        case .server(let failure): failure.description
        case .cancelled: "the statement was cancelled"
        case .copyAborted(let why): "the COPY was given up: \(why)"
        case .unexpectedResult(let what): "Postgres gave an unexpected answer: \(what)"
        }
    }
}

/// The server's refusal, field by field.
package struct ServerFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Five characters of SQLSTATE.
    package var sqlState: String
    package var message: String
    package var detail: String
    package var hint: String
    package var context: String
    package var schema: String
    package var table: String
    package var column: String
    package var constraint: String

    package init(
        sqlState: String, message: String, detail: String = "", hint: String = "", context: String = "",
        schema: String = "", table: String = "", column: String = "", constraint: String = ""
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
        self.schema = schema
        self.table = table
        self.column = column
        self.constraint = constraint
    }

    package var sqlStateClass: SQLStateClass { SQLStateClass(sqlState: sqlState, constraint: constraint) }

    package var description: String {
        let more = [detail, hint, context].filter { !$0.isEmpty }.joined(separator: "; ")
        return "\(message) (SQLSTATE \(sqlState)\(more.isEmpty ? "" : "; \(more)"))"
    }
}

extension ServerFailure {
    /// The row of the COPY that was refused, counted from 1.
    package var copyLine: Int? { copyContext?.line }

    /// The table of the COPY that was refused.
    package var copyTable: String? { copyContext?.table }

    /// Reads `COPY odds_ticks, line 17, column odd_value`. The word for line is in the server's language, its place is not.
    private var copyContext: (table: String, line: Int)? {
        for text in context.split(separator: "\n") where text.hasPrefix("COPY ") {
            let rest = text.dropFirst(5)
            guard let comma = rest.firstIndex(of: ",") else { continue }
            let digits = rest[comma...].drop { !$0.isASCII || !$0.isNumber }.prefix { $0.isASCII && $0.isNumber }
            if let line = Int(digits) { return (String(rest[..<comma]), line) }
        }
        return nil
    }
}
