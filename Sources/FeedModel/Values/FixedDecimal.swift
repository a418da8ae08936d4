/// An exact decimal with four digits after the point: odds, stakes, sizes and lines, in memory and on the wire between
/// stages. Never a binary float.
package struct FixedDecimal: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The value × 10⁴.
    package let scaled: Int64

    package init(scaled: Int64) { self.scaled = scaled }

    package static let scale: Int64 = 10_000
    package static let one = FixedDecimal(scaled: scale)

    package static func < (left: FixedDecimal, right: FixedDecimal) -> Bool { left.scaled < right.scaled }

    /// Shortest exact text: `1.95`, `2`, `-0.5`.
    package var description: String {
        let whole = scaled.magnitude / UInt64(Self.scale)
        var fraction = scaled.magnitude % UInt64(Self.scale)
        let sign = scaled < 0 ? "-" : ""
        guard fraction != 0 else { return "\(sign)\(whole)" }
        var digits = 4
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        let text = String(fraction)
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

extension FixedDecimal {
    /// A decimal read from text, and whether digits beyond 10⁻⁴ were rounded (half to even) to make it fit.
    package struct Reading: Sendable, Equatable {
        package let value: FixedDecimal
        package let isRounded: Bool
    }

    package init?(_ text: String) {
        var text = text
        guard let reading = text.withUTF8({ Self.read(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = reading.value
    }

    /// Reads a number as JSON writes it (RFC 8259 section 6), exponent included. Nil if it is not one, or beyond ±9.2 × 10¹⁴.
    package static func read(_ text: UnsafeRawBufferPointer) -> Reading? {
        var scanner = DecimalScanner(text)
        return scanner.scan()
    }
}

/// Collects the digits of a JSON number and rounds once, at the end, so that the exponent may move the point either way.
private struct DecimalScanner {
    private let text: UnsafeRawBufferPointer
    private var index = 0
    /// Up to 18 significant digits; what follows them can only decide a tie.
    private var significand: Int64 = 0
    private var digits = 0
    private var hasDroppedDigits = false
    /// The power of ten that `significand` is to be multiplied by.
    private var exponent = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    private static let maximumDigits = 18
    private static let powers: [Int64] = (0...18).map { power in (0..<power).reduce(Int64(1)) { value, _ in value * 10 }
    }

    mutating func scan() -> FixedDecimal.Reading? {
        let isNegative = take(UInt8(ascii: "-"))
        guard scanWhole(), scanFraction(), scanExponent(), index == text.count else { return nil }
        guard let (magnitude, isRounded) = scaled() else { return nil }
        return .init(value: FixedDecimal(scaled: isNegative ? -magnitude : magnitude), isRounded: isRounded)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func scanWhole() -> Bool {
        let start = index
        scanDigits(isFraction: false)
        let length = index - start
        return length > 0 && (length == 1 || text[start] != UInt8(ascii: "0"))
    }

    private mutating func scanFraction() -> Bool {
        guard take(UInt8(ascii: ".")) else { return true }
        let start = index
        scanDigits(isFraction: true)
        return index > start
    }

    private mutating func scanDigits(isFraction: Bool) {
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return }
            index += 1
            if digits < Self.maximumDigits {
                significand = significand * 10 + Int64(digit)
                if significand != 0 { digits += 1 }
                if isFraction { exponent -= 1 }
            } else {
                if digit != 0 { hasDroppedDigits = true }
                if !isFraction { exponent += 1 }
            }
        }
    }

    private mutating func scanExponent() -> Bool {
        guard index < text.count, text[index] | 0x20 == UInt8(ascii: "e") else { return true }
        index += 1
        let isNegative = take(UInt8(ascii: "-"))
        if !isNegative { _ = take(UInt8(ascii: "+")) }
        let start = index
        var value = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            value = min(value * 10 + Int(digit), 10_000)
            index += 1
        }
        exponent += isNegative ? -value : value
        return index > start
    }

    private func scaled() -> (Int64, Bool)? {
        let shift = exponent + 4
        if significand == 0 { return (0, hasDroppedDigits) }
        if shift >= 0 {
            guard shift < Self.powers.count else { return nil }
            let (value, overflow) = significand.multipliedReportingOverflow(by: Self.powers[shift])
            return overflow ? nil : (value, hasDroppedDigits)
        }
        guard -shift < Self.powers.count else { return (0, true) }
        let divisor = Self.powers[-shift]
        let (quotient, remainder) = significand.quotientAndRemainder(dividingBy: divisor)
        if remainder == 0 && !hasDroppedDigits { return (quotient, false) }
        let isAboveHalf = remainder > divisor / 2 || (remainder == divisor / 2 && hasDroppedDigits)
        let isTie = remainder == divisor / 2 && !hasDroppedDigits
        return (isAboveHalf || (isTie && quotient % 2 == 1) ? quotient + 1 : quotient, true)
    }
}
