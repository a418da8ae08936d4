import RedisStreams
import Telemetry

/// Something that is wrong now, under a name that stays the same as long as it lasts.
struct Trouble: Sendable, Equatable {
    let name: String
    let severity: Severity
    /// What is wrong; has no secrets.
    let why: String

    enum Severity: String, Sendable, Comparable {
        case degraded, down

        static func < (left: Severity, right: Severity) -> Bool { left == .degraded && right == .down }
    }
}

/// Something that happened, and how often since the process began: it does not mend itself.
struct Mishap: Sendable, Hashable {
    let name: String
    let count: Int
}

/// What the process knows of itself that somebody should hear of: the health of its components, and the figures that
/// Prometheus would watch.
struct TroubleWatch: Sendable {
    let health: HealthRegistry
    let metrics: PrometheusFactory
    /// A feed that brings nothing for so long is in trouble.
    var silentAfter = Duration.seconds(60)

    var troubles: [Trouble] { components + silentFeeds + redisMemory }

    /// Counted where they are put on record.
    var mishaps: [Mishap] {
        count("touchline_feed_gaps_total") { "gap of feed \($0["feed"] ?? "?") (\($0["kind"] ?? "?"))" }
            + count("touchline_processor_lost_entries_total") { "entries of feed \($0["feed"] ?? "?") lost in Redis" }
            + count("touchline_writer_dropped_total") {
                $0["reason"] == "lost" ? "entries lost in Redis before they were written" : nil
            }
    }

    private var components: [Trouble] {
        health.reports.compactMap { report in
            switch report.health {
            case .up: nil
            case .degraded(let why):
                Trouble(name: report.name, severity: .degraded, why: SecretMask.masked(why))
            case .down(let why): Trouble(name: report.name, severity: .down, why: SecretMask.masked(why))
            }
        }
    }

    private var silentFeeds: [Trouble] {
        let limit = Double(silentAfter.components.seconds)
        return metrics.readings(of: "touchline_feed_last_message_age_seconds").compactMap { reading in
            // Another process's feed is NaN here, which is above nothing.
            guard reading.value > limit, let feed = reading.labels["feed"] else { return nil }
            return Trouble(
                name: "feed \(feed)", severity: .down, why: "no message for more than \(Int(limit)) s: it is stale")
        }
    }

    private var redisMemory: [Trouble] {
        let used = metrics.readings(of: "touchline_redis_memory_used_bytes").first?.value ?? .nan
        let limit = metrics.readings(of: "touchline_redis_memory_limit_bytes").first?.value ?? .nan
        guard limit > 0, used / limit > MemoryUse.nearlyFull else { return [] }
        let why = "\(Int(used / limit * 100)) % of its maxmemory is in use"
        return [Trouble(name: "redis memory", severity: .down, why: why)]
    }

    private func count(_ metric: String, _ name: ([String: String]) -> String?) -> [Mishap] {
        metrics.readings(of: metric).compactMap { reading in
            guard reading.value > 0, let name = name(reading.labels) else { return nil }
            return Mishap(name: name, count: Int(reading.value))
        }
    }
}
