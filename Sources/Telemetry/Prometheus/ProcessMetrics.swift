import FoundationEssentials
import Glibc

/// The figures that Prometheus' own libraries give of every process, read when asked for.
struct ProcessMetrics {
    var name: String
    var kind: String
    var help: String
    var labels = ""
    var value: Double

    /// Those that the system tells; nothing fails where `/proc` is missing.
    static func current() -> [ProcessMetrics] {
        let build = PrometheusText.labels([("version", BuildInfo.version), ("commit", BuildInfo.commit)])
        var metrics = [
            ProcessMetrics(
                name: "touchline_build_info", kind: "gauge", help: "Which build this is.", labels: build, value: 1)
        ]
        metrics.append(
            ProcessMetrics(
                name: "process_cpu_seconds_total", kind: "counter", help: "User and system time.", value: cpuSeconds()))
        if let bytes = residentBytes() {
            metrics.append(
                ProcessMetrics(
                    name: "process_resident_memory_bytes", kind: "gauge", help: "Resident memory.", value: bytes))
        }
        if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            metrics.append(
                ProcessMetrics(
                    name: "process_open_fds", kind: "gauge", help: "Open file descriptors.", value: Double(files.count))
            )
        }
        metrics.append(
            ProcessMetrics(
                name: "process_start_time_seconds", kind: "gauge", help: "When it started, in Unix time.",
                value: startTime))
        return metrics
    }

    /// Taken when first asked for, which is when telemetry starts.
    private static let startTime = Double(SystemTime.now / 1_000_000)

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    private static func residentBytes() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        guard let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}
