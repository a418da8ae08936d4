import FeedJSON
import FeedModel

/// Reads times: RFC 3339 as a string, or epoch milliseconds as a number.
///
/// Messages that follow each other are of the same minute: its text is remembered with its time, and only seconds and
/// milliseconds are read.
struct TimeReader {
    /// `2026-11-21T09:30:`, in two words and a byte.
    private var minute: (UInt64, UInt64, UInt8) = (0, 0, 0)
    private var start: Int64 = 0

    private static let usualLength = 24
    private static let minuteLength = 17

    /// Nil for what is no time. `value` is part of a scanned document.
    @inline(__always)
    mutating func read(_ value: JSONValue) -> Timestamp? {
        if value.isText {
            let text = value.bytes
            return text.count == Self.usualLength ? readUsual(text) : Timestamp(rfc3339: text)
        }
        // Milliseconds × 10⁴, so that a fraction is kept to the microsecond.
        guard value.isNumber else { return nil }
        return FixedDecimal.read(value.bytes).map { Timestamp(microseconds: $0.value.scaled / 10) }
    }

    /// Seconds or milliseconds since 1970, as a number or as text, or RFC 3339. Nil for what is no time.
    static func epoch(_ value: JSONValue) -> Timestamp? {
        guard value.isText || value.isNumber else { return nil }
        guard let number = ValueReading.integer(value.bytes) else {
            return value.isText ? Timestamp(rfc3339: value.bytes) : nil
        }
        // Seconds reach this number in the year 5138, milliseconds passed it in 1973.
        let isSeconds = number < 100_000_000_000
        guard (0..<10_000_000_000_000).contains(number) else { return nil }
        return Timestamp(milliseconds: isSeconds ? number * 1_000 : number)
    }

    /// `2026-11-21T09:30:00.125Z`.
    @inline(__always)
    private mutating func readUsual(_ text: UnsafeRawBufferPointer) -> Timestamp? {
        let minute = (
            text.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            text.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            text[16]
        )
        if minute == self.minute, let rest = Self.rest(text) { return Timestamp(microseconds: start + rest) }
        guard let time = Timestamp(rfc3339: text) else { return nil }
        if let rest = Self.rest(text) {
            self.minute = minute
            start = time.microseconds - rest
        }
        return time
    }

    /// Microseconds of `00.125Z` behind the minute; nil for any other form.
    @inline(__always)
    private static func rest(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text[19] == UInt8(ascii: "."), text[23] == UInt8(ascii: "Z") else { return nil }
        var digits: Int64 = 0
        for index in 17..<23 where index != 19 {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            digits = digits &* 10 &+ Int64(digit)
        }
        // A leap second and what is none are for the full reader.
        return digits < 60_000 ? digits &* 1_000 : nil
    }
}
