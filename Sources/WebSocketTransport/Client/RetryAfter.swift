import Telemetry

/// The value of a `Retry-After` field (RFC 9110 §10.2.3): seconds, or a date.
struct RetryAfter {
    /// How long to wait from now; never negative.
    let delay: Duration

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    init?(_ text: String) { self.init(text, nowMicroseconds: SystemTime.now) }

    /// Nil when the text is neither seconds nor a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    init?(_ text: String, nowMicroseconds: Int64) {
        if let seconds = UInt32(text) {
            delay = .seconds(Int64(seconds))
            return
        }
        guard let seconds = Self.secondsSince1970(text) else { return nil }
        delay = max(.zero, .seconds(seconds) - .microseconds(nowMicroseconds))
    }

    private static func secondsSince1970(_ text: String) -> Int64? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," })
        guard words.count == 6, let month = months.firstIndex(of: String(words[2])) else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }.filter { (0...60).contains($0) }
        guard let day = Int64(words[1]), let year = Int64(words[3]), clock.count == 3 else { return nil }
        guard (1...31).contains(day), (1970...9999).contains(year) else { return nil }
        let days = daysSince1970(year: year, month: Int64(month) + 1, day: day)
        return ((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]
    }

    /// Counts years from March, so that the leap day is a year's last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
