import FeedClient
import Glibc

/// What the machine gives a process.
extension Diagnosis {
    /// Connections of subscribers are what there may be many of; everything else of a process is some dozens.
    private static let fewFiles = 4_096
    /// Below it a process may not even start.
    private static let leastFiles = 256

    static func machine(_ configuration: TouchlineConfiguration) -> [Finding] {
        [openFiles(limit: fileLimit)] + spoolRoom(configuration)
    }

    private static var fileLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    static func openFiles(limit: Int) -> Finding {
        let remedy = "raise it: LimitNOFILE=65536 in a unit of systemd, or `ulimit -n 65536` before the start"
        guard limit >= fewFiles else {
            return Finding(
                "open files",
                problem: "a process started like this one may open \(limit), and each subscriber takes one",
                remedy: remedy, isWarning: limit >= leastFiles)
        }
        return Finding("\(limit == .max ? "any number of" : "\(limit)") files may be open")
    }

    /// Every feed may take as much.
    private static func spoolRoom(_ configuration: TouchlineConfiguration) -> [Finding] {
        guard let spool = configuration.spool, let disk = DiskSpace(at: spool.directory) else { return [] }
        let feeds = max(1, configuration.feeds.count)
        let (needed, overflow) = spool.maximumBytes.multipliedReportingOverflow(by: feeds)
        return [
            disk.finding(
                "spool", needed: overflow ? .max : needed, for: "the spools of \(feeds) feed\(feeds == 1 ? "" : "s")",
                remedy: "make room on it, or lower feed_client.spool.max_bytes")
        ]
    }
}
