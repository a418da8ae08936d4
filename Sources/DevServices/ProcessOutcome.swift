import Glibc

/// How a child process ended and what it cost.
package struct ProcessOutcome: Sendable, Equatable, CustomStringConvertible {
    /// The way out.
    package enum Status: Sendable, Equatable {
        case exited(Int32)
        case signaled(Int32)
    }

    package var status: Status
    package var userSeconds: Double
    package var systemSeconds: Double
    /// The largest resident set it ever had.
    package var maximumResidentBytes: Int

    /// Exit code 0.
    package var isSuccess: Bool { status == .exited(0) }
    /// User and system time together, its own reaped children included.
    package var cpuSeconds: Double { userSeconds + systemSeconds }

    package var description: String {
        switch status {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }

    init(waitStatus: Int32, usage: rusage) {
        let signal = waitStatus & 0x7f
        status = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .signaled(signal)
        userSeconds = Self.seconds(usage.ru_utime)
        systemSeconds = Self.seconds(usage.ru_stime)
        maximumResidentBytes = usage.ru_maxrss * 1024
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }
}
