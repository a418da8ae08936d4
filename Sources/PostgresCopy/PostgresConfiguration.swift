/// How to reach a Postgres and how long to wait for it.
package struct PostgresConfiguration: Sendable {
    /// A libpq URI or connection string, passed through whole: several hosts, `target_session_attrs`, TLS, unix sockets.
    /// What it says wins over everything here.
    package var url: String
    /// The connection's thread and, unless the URL says otherwise, its `application_name`. At most 15 characters show.
    package var name: String
    /// For each host of the URL. libpq counts in whole seconds, 2 at least.
    package var connectTimeout: Duration
    /// What the server allows one statement. Nil: as long as it takes, for migrations, exports and audits.
    package var statementTimeout: Duration?
    /// What the server allows a transaction to wait for us.
    package var idleInTransactionTimeout: Duration?
    /// How long sent bytes may stay unacknowledged by the peer's kernel.
    package var tcpUserTimeout: Duration
    /// Passes over servers that do not take writes, unless the URL says otherwise (`target_session_attrs`).
    package var requiresPrimary = false

    package init(
        url: String, name: String, connectTimeout: Duration = .seconds(5), statementTimeout: Duration? = .seconds(30),
        idleInTransactionTimeout: Duration? = .seconds(30), tcpUserTimeout: Duration = .seconds(10)
    ) {
        self.url = url
        self.name = name
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.tcpUserTimeout = tcpUserTimeout
    }

    /// How long one call may wait for the server, whatever the server does: a stopped backend runs no timeouts of its own.
    var answerTimeout: Duration? { statementTimeout.map { $0 + .seconds(5) } }

    /// One statement each: sent as soon as the connection stands.
    var sessionSettings: [String] {
        [
            "SET client_encoding = 'UTF8'",
            "SET TimeZone = 'UTC'",
            "SET DateStyle = 'ISO, YMD'",
            "SET client_min_messages = 'warning'",
            "SET statement_timeout = \(statementTimeout?.wholeMilliseconds ?? 0)",
            "SET idle_in_transaction_session_timeout = \(idleInTransactionTimeout?.wholeMilliseconds ?? 0)",
        ]
    }

    /// Keywords that the URL may override, because it comes behind them; then the URL.
    var connectionParameters: [(keyword: String, value: String)] {
        [
            ("fallback_application_name", name),
            ("connect_timeout", String(max(2, connectTimeout.components.seconds))),
            ("tcp_user_timeout", String(tcpUserTimeout.wholeMilliseconds)),
            ("keepalives_idle", "30"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("target_session_attrs", requiresPrimary ? "read-write" : "any"),
            ("dbname", url),
        ]
    }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
