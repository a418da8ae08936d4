// SPDX-License-Identifier: Apache-2.0

extension RedisConnection {
    /// Connects, waiting between attempts as `backoff` says, until it succeeds.
    ///
    /// Called by whoever owns the connection, after `.connectionLost`. Ends otherwise only by cancellation, or by an error
    /// that no waiting mends, such as a wrong password. The caller resets `backoff` once the connection has been of use.
    ///
    /// - Parameter onFailure: told of each failed attempt and of the wait that follows, for a log line and for readiness.
    package nonisolated func reconnect(
        _ backoff: inout ReconnectBackoff, using generator: inout some RandomNumberGenerator,
        clock: some Clock<Duration> = ContinuousClock(), onFailure: (RedisError, _ wait: Duration) -> Void
    ) async throws {
        while true {
            do {
                return try await connect()
            } catch let error where error.isRetriable {
                let wait = backoff.next(using: &generator)
                onFailure(error, wait)
                try await clock.sleep(for: wait)
            }
        }
    }
}
