/// Which failures of a request pass, and how long to wait before it is sent again. Pure.
struct RequestRetry: Sendable {
    /// How often a request is sent at most.
    let attempts: Int
    var initial = Duration.milliseconds(200)
    var maximum = Duration.seconds(20)

    private static let statuses: Set<Int> = [408, 429, 500, 502, 503, 504]
    private static let codes: Set<String> = [
        "InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "ThrottlingException", "Throttling",
        "RequestThrottled", "OperationAborted",
    ]

    static func isRetriable(_ refusal: ServerRefusal) -> Bool {
        statuses.contains(refusal.status) || codes.contains(refusal.code)
    }

    /// Nil when the last attempt was made. Grows to the double each time, between half of it and all of it, so that
    /// those who failed together do not come back together; never shorter than the store asks for, within reason.
    func pause(
        after attempt: Int, asked: Duration?, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard attempt < attempts else { return nil }
        let whole = min(maximum, initial * (1 << min(attempt - 1, 16)))
        let pause = whole * Double.random(in: 0.5...1, using: &random)
        return max(pause, min(asked ?? .zero, .seconds(60)))
    }
}
