import FeedModel
import RedisStreams
import ServiceLifecycle
import Sportsbook

/// A recording being sent.
struct ReplayRun: Sendable {
    let server: RecordingServer
    let isStaying: Bool

    init(recording: ReplayConfiguration, isStaying: Bool) {
        server = RecordingServer(recording)
        self.isStaying = isStaying
    }
}

/// Shows how far a replay is, and ends the process when its last line is in Postgres.
struct ReplayWatcher: Service {
    let replay: ReplayRun
    let redis: RedisEndpoint
    let names: StreamNames
    /// The letters go with their database.
    let isPrivate: Bool

    func run() async throws {
        let connection = RedisConnection(endpoint: redis, name: "replay-watch")
        try await connection.connect()
        // Stopped before the last line is no failure.
        do { try await follow(connection) } catch is CancellationError {}
        await connection.close()
    }

    private func follow(_ connection: RedisConnection) async throws {
        try await cancelWhenGracefulShutdown {
            while !replay.server.progress.isComplete || replay.server.progress.totalLines == 0 {
                show(replay.server.progress)
                try await Task.sleep(for: .milliseconds(200))
            }
            var quiet = 0
            while quiet < 3 {
                try await Task.sleep(for: .milliseconds(300))
                quiet = try await isDrained(connection) ? quiet + 1 : 0
            }
            show(replay.server.progress)
            let letters = try await connection.streamInfo(of: names.dead)?.added ?? 0
            let hint = isPrivate ? "" : " (touchline dlq list)"
            let refused = letters == 0 ? "" : ", \(letters) messages are dead letters\(hint)"
            StandardOutput.line("\nreplayed \(replay.server.progress.totalLines) lines: all committed\(refused)")
            if replay.isStaying { try await gracefulShutdown() }
        }
    }

    private func show(_ progress: ReplayProgress) {
        StandardOutput.progress(
            "\(progress.sentLines) of \(progress.totalLines) lines, provider's clock \(progress.clock.map { "\($0)" } ?? "-")"
        )
    }

    /// Whether every entry of the feed has gone through every group.
    private func isDrained(_ connection: RedisConnection) async throws -> Bool {
        for stream in [names.raw, names.events, names.dead] {
            guard let info = try await connection.streamInfo(of: stream) else { continue }
            for group in try await connection.groups(of: stream) {
                if group.pending > 0 || group.lastDelivered < info.lastGenerated { return false }
            }
        }
        return true
    }
}
