import FeedModel
import RedisStreams
import Supervision
import Synchronization
import Telemetry

/// How many feeds this worker may own: at most its fair part, `ceil(feeds / live workers)`.
final class FeedShare: Sendable {
    private struct State {
        var feeds: Int
        var workers = 1
        var owned = 0

        var part: Int { FeedShare.part(of: feeds, among: workers) }
    }

    private let state: Mutex<State>

    init(feeds: Int) { state = Mutex(State(feeds: feeds)) }

    /// Called with what the roster saw last.
    func update(workers: Int) { state.withLock { $0.workers = max(1, workers) } }

    /// Called when feeds came or went.
    func update(feeds: Int) { state.withLock { $0.feeds = feeds } }

    /// Takes a place for one more feed; false when this worker has its part.
    func reserve() -> Bool {
        state.withLock { state in
            guard state.owned < state.part else { return false }
            state.owned += 1
            return true
        }
    }

    /// Takes a place beyond the part, for a feed that nobody else wants.
    func reserveBeyondPart() { state.withLock { $0.owned += 1 } }

    func release() { state.withLock { $0.owned -= 1 } }

    /// Whether a newcomer is owed one of the feeds that this worker has.
    var isAboveItsPart: Bool { state.withLock { $0.owned > $0.part } }

    static func part(of feeds: Int, among workers: Int) -> Int { (feeds + workers - 1) / workers }
}

/// Says every two seconds that this worker lives, and counts the others that do.
struct WorkerRoster: Sendable {
    let configuration: ProcessorConfiguration
    let share: FeedShare
    let stop: StopFlag

    func run() async throws {
        let redis = RedisConnection(endpoint: configuration.redis, name: "proc-roster")
        let key = StreamNames.workers(prefix: configuration.prefix, stage: "processor")
        while !stop.isRequested {
            do {
                try await redis.connect()
                let now = WallClock.now
                try await redis.touchWorker(key, name: configuration.ownerName, now: now.milliseconds)
                let since = (now - .seconds(7)).milliseconds
                share.update(workers: try await redis.liveWorkers(key, since: since).count)
            } catch {
                // Without Redis nobody can own a feed: the count is looked up again when it is back.
            }
            for _ in 0..<20 where !stop.isRequested { try await Task.sleep(for: .milliseconds(100)) }
        }
        try? await redis.removeWorker(key, name: configuration.ownerName, olderThan: .max)
        await redis.close()
    }
}
