import Glibc

/// A server that a dead owner left running. The kernel's parent-death signal ends nearly all of them; this is for the rest.
enum LeftoverServer {
    /// Ends every server that a `.pid` file of `directory` names, if the process still is what the file says: same start
    /// time, and a command line that names the directory.
    static func endAll(in directory: String) {
        for file in SystemFile.entries(of: directory) where file.hasSuffix(".pid") {
            let words = (SystemFile.read("\(directory)/\(file)") ?? "").split(whereSeparator: \.isWhitespace)
            if words.count == 3, let pid = pid_t(words[0]), let start = UInt64(words[1]), let signal = Int32(words[2]),
                ProcessTable.startTime(of: pid) == start,
                ProcessTable.commandLine(of: pid)?.contains(directory) == true
            {
                end(pid, started: start, signal: signal)
            }
            SystemFile.remove("\(directory)/\(file)")
        }
    }

    private static func end(_ pid: pid_t, started start: UInt64, signal: Int32) {
        kill(pid, signal)
        for _ in 0..<300 where ProcessTable.startTime(of: pid) == start { usleep(10_000) }
        guard ProcessTable.startTime(of: pid) == start else { return }
        // It leads its own process group: what it forked goes with it.
        kill(-pid, SIGKILL)
        for _ in 0..<100 where ProcessTable.startTime(of: pid) == start { usleep(10_000) }
    }

    /// Removes the System V segment of a postgres that was killed; nobody else would before the next boot.
    static func removeSharedMemory(in directory: String) {
        guard let text = SystemFile.read("\(directory)/postgres/data/postmaster.pid") else { return }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 6, let pid = pid_t(lines[0]), ProcessTable.startTime(of: pid) == nil,
            let segment = lines[6].split(separator: " ").last.flatMap({ Int32($0) })
        else { return }
        shmctl(segment, IPC_RMID, nil)
    }
}
