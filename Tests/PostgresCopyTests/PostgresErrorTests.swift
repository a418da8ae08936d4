import PostgresCopy
import Testing

@Suite("SQLSTATE classes")
struct PostgresErrorTests {
    @Test(arguments: [
        ("08006", SQLStateClass.transient), ("53100", .transient), ("53300", .transient), ("57P01", .transient),
        ("57P02", .transient), ("57P03", .transient), ("40001", .transient), ("40P01", .transient),
        ("55P03", .transient),
        ("57014", .transient), ("25P03", .transient), ("25006", .transient), ("58030", .transient),
        ("22003", .data), ("22021", .data), ("22P03", .data), ("23502", .data), ("23503", .data), ("42804", .data),
        ("23505", .duplicate), ("42P01", .needsPerson), ("42501", .needsPerson), ("28P01", .needsPerson),
        ("3D000", .needsPerson), ("42703", .needsPerson), ("XX000", .other), ("26000", .other), ("0A000", .other),
    ])
    func `each state has its class`(state: String, expected: SQLStateClass) {
        #expect(SQLStateClass(sqlState: state, constraint: "") == expected)
    }

    @Test func `a violated check without a name is a missing partition`() {
        #expect(SQLStateClass(sqlState: "23514", constraint: "") == .missingPartition)
        #expect(SQLStateClass(sqlState: "23514", constraint: "positive") == .data)
    }

    @Test(arguments: [
        ("COPY odds_ticks, line 17", 17, "odds_ticks"),
        ("COPY odds_ticks, line 5000, column odd_value", 5_000, "odds_ticks"),
        ("COPY bet_events, Zeile 3", 3, "bet_events"),
        ("SQL function \"f\"\nCOPY t2, line 1", 1, "t2"),
    ])
    func `the refused row is read from the context`(context: String, line: Int, table: String) {
        let failure = ServerFailure(sqlState: "22003", message: "out of range", context: context)
        #expect(failure.copyLine == line)
        #expect(failure.copyTable == table)
    }

    @Test func `other contexts name no row`() {
        #expect(ServerFailure(sqlState: "22003", message: "", context: "").copyLine == nil)
        #expect(ServerFailure(sqlState: "22003", message: "", context: "PL/pgSQL function f, line 17").copyLine == nil)
        #expect(ServerFailure(sqlState: "22003", message: "", context: "COPY odds_ticks").copyLine == nil)
    }

    @Test func `a lost connection is tried again, a wrong URL is not`() {
        #expect(PostgresError.connectionLost("").isRetriable)
        #expect(PostgresError.connectionFailed("").isRetriable)
        #expect(!PostgresError.invalidURL("").isRetriable)
        #expect(!PostgresError.cancelled.isRetriable)
        #expect(!PostgresError.server(ServerFailure(sqlState: "42501", message: "")).isRetriable)
    }
}
