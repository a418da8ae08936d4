import FoundationEssentials
import Glibc

/// The wall clock in microseconds since 1970.
package enum SystemTime {
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// The clock that nobody sets, in microseconds since the machine started: `CLOCK_MONOTONIC`.
    package static var monotonic: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// `2026-05-01T18:30:00.123Z`: UTC, to the millisecond.
    package static func text(_ microseconds: Int64) -> String {
        let milliseconds = microseconds.floorDivided(by: 1000)
        let second = milliseconds.floorDivided(by: 1000)
        let fraction = String(milliseconds - second * 1000)
        let date = Date(timeIntervalSince1970: Double(second))
        let digits = String(repeating: "0", count: 3 - fraction.count) + fraction
        return date.formatted(Date.ISO8601FormatStyle()).dropLast() + ".\(digits)Z"
    }
}

extension Int64 {
    /// Rounded towards the past, so that times before 1970 have positive fractions too.
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
