/// What a sink does about a refusal.
package enum SQLStateClass: String, Sendable, CaseIterable {
    /// Try the same again, later: connection, resources, deadlock, shutdown, timeout.
    case transient
    /// Make the partition, then try the same again.
    case missingPartition
    /// The row is at fault: it will be refused whenever it is sent.
    case data
    /// A unique key is already there.
    case duplicate
    /// Nothing will work until somebody changes schema, permissions or password: stop, keep the data where it is.
    case needsPerson
    /// This process asked for it.
    case cancelled
    /// Anything else: a new connection may mend it (a plan that changed, a statement that was forgotten).
    case other

    /// - Parameter constraint: the constraint that the refusal names. A missing partition is reported as a violated check
    ///   that has no name; a real one has.
    package init(sqlState: String, constraint: String) {
        switch sqlState {
        case "23505": self = .duplicate
        case "23514" where constraint.isEmpty: self = .missingPartition
        case "42804": self = .data
        default: self = Self.byPrefix(sqlState)
        }
    }

    private static let transientStates: Set<String> = [
        // Serialisation failure, deadlock, lock not available.
        "40001", "40P01", "55P03",
        // Shutdown, crash, starting up, idle session ended, statement_timeout.
        "57P01", "57P02", "57P03", "57P05", "57014",
        // Ended in a transaction that idled; a standby that is not yet primary.
        "25P03", "25006",
        // Input or output error below Postgres.
        "58030",
    ]

    private static func byPrefix(_ sqlState: String) -> SQLStateClass {
        if transientStates.contains(sqlState) { return .transient }
        switch sqlState.prefix(2) {
        case "08", "53": return .transient
        // 54: a row that is too large for an index.
        case "22", "23", "54": return .data
        case "28", "3D", "3F", "42": return .needsPerson
        default: return .other
        }
    }
}
