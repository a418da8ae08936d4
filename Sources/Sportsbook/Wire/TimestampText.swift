import FeedModel

/// RFC 3339 with milliseconds in 24 ASCII bytes, without a heap allocation: `2026-11-21T09:30:00.125Z`.
struct TimestampText {
    static let count = 24

    /// Held as integers so that the value stays on the stack.
    private var digits: InlineArray<24, UInt8>

    init(_ time: Timestamp) {
        digits = InlineArray(repeating: UInt8(ascii: "Z"))
        let milliseconds = max(0, time.milliseconds)
        let date = CivilDate(daysSinceEpoch: milliseconds / 86_400_000)
        let ofDay = milliseconds % 86_400_000
        put(date.year, at: 0, width: 4, then: UInt8(ascii: "-"))
        put(date.month, at: 5, width: 2, then: UInt8(ascii: "-"))
        put(date.day, at: 8, width: 2, then: UInt8(ascii: "T"))
        put(ofDay / 3_600_000, at: 11, width: 2, then: UInt8(ascii: ":"))
        put(ofDay / 60_000 % 60, at: 14, width: 2, then: UInt8(ascii: ":"))
        put(ofDay / 1_000 % 60, at: 17, width: 2, then: UInt8(ascii: "."))
        put(ofDay % 1_000, at: 20, width: 3, then: UInt8(ascii: "Z"))
    }

    private mutating func put(_ value: Int64, at start: Int, width: Int, then separator: UInt8) {
        var rest = value
        for index in stride(from: start + width - 1, through: start, by: -1) {
            digits[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        digits[start + width] = separator
    }

    func withDigits<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: digits) { body($0) }
    }
}
