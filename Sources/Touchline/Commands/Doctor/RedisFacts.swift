import FeedModel
import RedisStreams

/// What `doctor` learns of a Redis.
struct RedisFacts: Sendable {
    var server: ServerFacts
    /// Of a few pings, one after the other.
    var roundTrips: [Duration] = []
    /// How far its clock is ahead of ours.
    var clockAhead = Duration.zero
    /// `appendfsync`; nil when we may not ask.
    var synchronization: String?
    /// How the last write of the append-only file ended.
    var lastWrite: String?

    init(server: ServerFacts) { self.server = server }

    /// Asks a connection that is open.
    static func read(_ redis: RedisConnection) async throws -> RedisFacts {
        var facts = RedisFacts(server: try await redis.serverFacts())
        let clock = ContinuousClock()
        for _ in 0..<20 {
            let began = clock.now
            _ = try await redis.command(["PING"])
            facts.roundTrips.append(clock.now - began)
        }
        let asked = WallClock.now
        let time = try await redis.command(["TIME"]).array?.compactMap(\.integer) ?? []
        if time.count == 2 {
            let theirs = Timestamp(microseconds: Int64(time[0]) * 1_000_000 + Int64(time[1]))
            facts.clockAhead = theirs.since(asked + WallClock.now.since(asked) / 2)
        }
        // A user who may not ask for settings may do everything that we do.
        facts.synchronization = (try? await redis.command(["CONFIG", "GET", "appendfsync"]))?.array?.last?.text
        let persistence = try await redis.command(["INFO", "persistence"]).text ?? ""
        facts.lastWrite = persistence.firstMatch(of: /aof_last_write_status:(\w+)/).map { String($0.1) }
        return facts
    }
}

// MARK: What it means

extension RedisFacts {
    /// The oldest version that has what is used: `LASTID` counters of groups, and streams that tell their lag.
    private static let oldestVersion = 7
    /// Half of it is in every hop of a message.
    private static let slow = Duration.milliseconds(5)

    var findings: [Finding] {
        let all = [version, eviction, durability, synchronizing, writing, memory, limit, latency]
        return [Finding("redis answers")] + all.compactMap { $0 } + [ClockSkew.finding("redis", ahead: clockAhead)]
    }

    private var version: Finding? {
        let major = server.version.split(separator: ".").first.flatMap { Int($0) }
        guard let major, major < Self.oldestVersion else { return Finding("redis has version \(server.version)") }
        return Finding(
            "redis", problem: "has version \(server.version)", remedy: "upgrade it to \(Self.oldestVersion) or later")
    }

    private var eviction: Finding? {
        server.evictionProblem == nil
            ? nil
            : Finding(
                "redis", problem: "it would evict entries (maxmemory-policy is \(server.maxmemoryPolicy))",
                remedy: "set it with `redis-cli config set maxmemory-policy noeviction`")
    }

    private var durability: Finding? {
        server.durabilityWarning.map {
            Finding("redis", problem: $0, remedy: "set it with `redis-cli config set appendonly yes`", isWarning: true)
        }
    }

    private var synchronizing: Finding? {
        guard server.isAOFEnabled, synchronization == "no" else { return nil }
        return Finding(
            "redis", problem: "appendfsync is no, and a crash loses what the system has not written yet, half a minute",
            remedy: "set it with `redis-cli config set appendfsync everysec`", isWarning: true)
    }

    private var writing: Finding? {
        guard server.isAOFEnabled, let lastWrite, lastWrite != "ok" else { return nil }
        return Finding(
            "redis", problem: "it cannot write its append-only file and takes nothing (\(lastWrite))",
            remedy: "see its log, and make room on its disk")
    }

    private var memory: Finding? {
        guard server.memory.share > MemoryUse.nearlyFull else { return nil }
        return Finding(
            "redis", problem: "\(Int(server.memory.share * 100)) % of maxmemory is in use",
            remedy: "see with `touchline status` who is behind, or raise maxmemory", isWarning: true)
    }

    /// Without a limit the system ends it when memory is short, and feeds do not know when to go to the disk.
    private var limit: Finding? {
        guard server.maxmemory == 0 else { return nil }
        return Finding(
            "redis", problem: "it has no maxmemory, so that a backlog may take all of the machine's memory",
            remedy: "set one with `redis-cli config set maxmemory 2gb`", isWarning: true)
    }

    private var latency: Finding? {
        let sorted = roundTrips.sorted()
        guard !sorted.isEmpty else { return nil }
        let median = sorted[sorted.count / 2]
        let microseconds = median.microseconds
        let text =
            microseconds < 1_000 ? "\(microseconds) µs" : "\(Figures.number(Double(microseconds) / 1_000)) ms"
        guard median > Self.slow else { return Finding("redis answers a ping in \(text)") }
        return Finding(
            "redis", problem: "a ping takes \(text), which every message waits for twice",
            remedy: "bring it nearer, or see what keeps it busy with `redis-cli --latency` and `redis-cli slowlog get`",
            isWarning: true)
    }
}

/// The clocks of two machines.
enum ClockSkew {
    /// Prices older than eleven seconds do not count as live, and who compares has another clock than who received them.
    private static let bearable = Duration.seconds(2)

    /// - Parameter ahead: of the server's clock before ours.
    static func finding(_ server: String, ahead: Duration) -> Finding {
        let seconds = Figures.number(abs(Double(ahead.microseconds) / 1_000_000))
        guard ahead > Self.bearable || ahead < .zero - Self.bearable else {
            return Finding("\(server)'s clock agrees with ours")
        }
        return Finding(
            server, problem: "its clock is \(seconds) s \(ahead > .zero ? "ahead of" : "behind") ours",
            remedy: "have both machines' clocks set over the network (chrony, systemd-timesyncd)", isWarning: true)
    }
}
