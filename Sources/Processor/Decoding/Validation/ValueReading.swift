import FeedJSON
import FeedModel

/// Reads values of a document in their forms. Nil means that the value does not have the form.
enum ValueReading {
    /// An id as text: a string, or the digits of a whole number.
    @inline(__always)
    static func id(_ value: JSONValue) -> UnsafeRawBufferPointer? {
        let text = value.bytes
        guard text.count >= 1, text.count <= ValueForm.textBytes else { return nil }
        if value.isText { return isPrintable(text) ? text : nil }
        return value.isNumber && integer(text) != nil ? text : nil
    }

    @inline(__always)
    static func text(_ value: JSONValue) -> UnsafeRawBufferPointer? {
        guard value.isText, value.bytes.count <= ValueForm.textBytes, isPrintable(value.bytes) else { return nil }
        return value.bytes
    }

    /// A decimal, written as a number or as a string.
    @inline(__always)
    static func decimal(_ value: JSONValue) -> Decimal? {
        guard value.isNumber || value.isText else { return nil }
        if let scaled = price(value.bytes) { return Decimal(value: FixedDecimal(scaled: scaled), isRounded: false) }
        return FixedDecimal.read(value.bytes).map { Decimal(value: $0.value, isRounded: $0.isRounded) }
    }

    /// A decimal, and whether digits beyond 10⁻⁴ were rounded to make it fit.
    struct Decimal {
        let value: FixedDecimal
        let isRounded: Bool
    }

    /// What nearly every price looks like: up to nine digits, and up to four more behind a point. × 10⁴; nil for all else.
    @inline(__always)
    private static func price(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count <= 14, text.count > 0, text[0] != UInt8(ascii: "0") else { return nil }
        var value: Int64 = 0
        var index = 0
        while index < text.count, case let digit = text[index] &- UInt8(ascii: "0"), digit <= 9 {
            value = value &* 10 &+ Int64(digit)
            index &+= 1
        }
        guard index > 0, index <= 9 else { return nil }
        if index == text.count { return value &* FixedDecimal.scale }
        let fraction = text.count &- index &- 1
        guard text[index] == UInt8(ascii: "."), fraction >= 1, fraction <= 4 else { return nil }
        index &+= 1
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
            index &+= 1
        }
        switch fraction {
        case 1: return value &* 1_000
        case 2: return value &* 100
        case 3: return value &* 10
        default: return value
        }
    }

    /// A whole number without exponent, at most 18 digits.
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        guard text.count > start, text.count - start <= 18 else { return nil }
        var value: Int64 = 0
        for index in start..<text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return isNegative ? -value : value
    }

    static func natural(_ value: JSONValue) -> Int64? {
        guard value.isNumber, let number = integer(value.bytes), number >= 0 else { return nil }
        return number
    }

    static func flag(_ value: JSONValue) -> Bool? {
        switch value.token.pointee.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// No control characters: U+0000–U+001F, U+007F, U+0080–U+009F. `text` is part of a scanned document, so the bytes up
    /// to the next multiple of eight may be read.
    @inline(__always)
    static func isPrintable(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let start = text.baseAddress else { return true }
        let spaces: UInt64 = 0x2020_2020_2020_2020
        let highs: UInt64 = 0x8080_8080_8080_8080
        var offset = 0
        while offset < text.count {
            var word = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let rest = text.count - offset
            if rest < 8 {
                let mask: UInt64 = (1 << (UInt64(truncatingIfNeeded: rest) &* 8)) &- 1
                word = (word & mask) | (spaces & ~mask)
            }
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let suspects = ((word &- spaces) | (delete &- 0x0101_0101_0101_0101) | word) & highs
            if suspects != 0 { return isPrintableSlowly(text) }
            offset += 8
        }
        return true
    }

    @inline(never)
    private static func isPrintableSlowly(_ text: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<text.count {
            let byte = text[index]
            if byte < 0x20 || byte == 0x7F { return false }
            // U+0080–U+009F are C2 80 – C2 9F.
            if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return false }
        }
        return true
    }
}
