import PostgresCopy
import TestSupport

/// A connection to a fresh database.
enum TestDatabase {
    static func with<T: Sendable>(
        statementTimeout: Duration? = .seconds(20), _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "test", statementTimeout: statementTimeout)
            try await connection.connect()
            do {
                let result = try await body(connection)
                await connection.close()
                return result
            } catch {
                await connection.close()
                throw error
            }
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
