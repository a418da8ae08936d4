import UnixSignals

/// Commands that watch until somebody has seen enough: ctrl-C is how they end, and no failure.
enum Interruption {
    /// Runs `body` until it returns, its reader goes away, or SIGINT or SIGTERM asks for the end.
    static func end(_ body: @escaping @Sendable () async throws -> Void) async throws {
        OutputPipe.takeErrors()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body() }
                group.addTask { for await _ in signals { return } }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } catch is OutputPipe.ReaderGone {
        } catch is CancellationError {
        }
    }

    /// Runs `body`; SIGINT or SIGTERM cancels it, and what it throws then is thrown on: an end before the end is a failure. A
    /// second signal ends the process at once.
    static func failing<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result
    {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            while let ended = try await group.next() {
                group.cancelAll()
                if let result = ended { return result }
                EndAtSecondSignal.arm()
            }
            throw CancellationError()
        }
    }
}
