import Glibc

/// What `/proc` says of a process.
package enum ProcessTable {
    /// The fields of `/proc/<pid>/stat` after the command, which may hold anything.
    private static func fields(_ pid: Int32) -> [Substring]? {
        guard let text = SystemFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? fields : nil
    }

    /// When the process started, in clock ticks since boot: with the pid it names a process for good. Nil for one that is
    /// gone or only waits to be reaped.
    package static func startTime(of pid: Int32) -> UInt64? {
        guard let fields = fields(pid), fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }

    /// The command line, arguments separated by spaces.
    package static func commandLine(of pid: Int32) -> String? {
        SystemFile.read("/proc/\(pid)/cmdline")?.replacing("\0", with: " ")
    }

    /// The processes whose parent is `parent`.
    package static func children(of parent: Int32) -> [Int32] {
        SystemFile.entries(of: "/proc").compactMap { name in
            guard let pid = Int32(name), let fields = fields(pid), Int32(fields[1]) == parent else { return nil }
            return pid
        }
    }

    /// User and system time of a process so far, with that of its children that ended; to a hundredth of a second.
    package static func cpuSeconds(of pid: Int32, includingReapedChildren: Bool = true) -> Double? {
        guard let fields = fields(pid) else { return nil }
        let ticks = fields[11...(includingReapedChildren ? 14 : 12)].reduce(0) { $0 + (Double($1) ?? 0) }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory of a process.
    package static func residentBytes(of pid: Int32) -> Int? {
        guard let pages = SystemFile.read("/proc/\(pid)/statm")?.split(separator: " ").dropFirst().first else {
            return nil
        }
        return Int(pages).map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
    }
}
