import Testing

@testable import RedisStreams

struct RedisErrorTests {
    @Test(
        "a refusal is known by its code, and two by their words",
        arguments: [
            ("OOM", "command not allowed when used memory > 'maxmemory'.", RedisError.Refusal.outOfMemory, true),
            ("NOGROUP", "No such key 's' or consumer group 'g'", .noGroup, true),
            ("BUSYGROUP", "Consumer Group name already exists", .busyGroup, false),
            ("LOADING", "Redis is loading the dataset in memory", .loading, true),
            ("READONLY", "You can't write against a read only replica.", .readOnly, true),
            ("MISCONF", "Errors writing to the AOF file", .misconfigured, true),
            ("NOAUTH", "Authentication required.", .authentication, false),
            ("WRONGPASS", "invalid username-password pair or user is disabled.", .authentication, false),
            ("NOPERM", "this user has no permissions", .permission, false),
            ("WRONGTYPE", "Operation against a key holding the wrong kind of value", .wrongType, false),
            ("EXECABORT", "Transaction discarded because of previous errors.", .transactionAborted, false),
            (
                "ERR", "The ID specified in XADD is equal or smaller than the target stream top item", .idNotGrowing,
                false
            ),
            ("ERR", "syntax error", .other, false),
            ("MASTERDOWN", "Link with MASTER is down", .other, true),
        ])
    func classes(code: String, message: String, refusal: RedisError.Refusal, isRetriable: Bool) {
        let error = RedisError.server(code: code, message: message)
        #expect(error.refusal == refusal)
        #expect(error.isRetriable == isRetriable)
    }

    @Test("a lost connection is worth another try, a bad URL is not")
    func connections() {
        #expect(RedisError.connectionLost("gone").isRetriable)
        #expect(RedisError.connectionFailed("refused").isRetriable)
        #expect(!RedisError.invalidURL("no").isRetriable)
        #expect(RedisError.connectionLost("gone").refusal == nil)
    }
}
