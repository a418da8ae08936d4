/// Postgres' `numeric` on the wire: digits of base 10,000, the weight of the first, a sign, and how many decimal places to
/// show. A fixed-point number of scale 10⁴ has exactly one such digit behind the point, so that no division by powers of ten
/// is needed to align it.
extension BinaryCopyEncoder {
    /// An exact decimal from its value × 10⁴. Shown without trailing zeros: 19,500 is `1.95`, 20,000 is `2`.
    @inlinable
    package mutating func numeric(scaled: Int64) {
        reserve(4 + NumericFormat.maximumBytes)
        let length = NumericFormat.write(scaled, to: storage + count + 4)
        put(Int32(truncatingIfNeeded: length))
        count += length
    }

    /// The same, or null.
    @inlinable
    package mutating func numeric(scaled: Int64?) {
        if let scaled { numeric(scaled: scaled) } else { null() }
    }
}

/// Writes and reads the body of a binary `numeric`.
@usableFromInline
enum NumericFormat {
    /// Eight bytes of header and five digits: a 63-bit number of scale 10⁴ has at most four before the point.
    @usableFromInline static let maximumBytes = 18
    @usableFromInline static let negative: UInt64 = 0x4000

    /// Returns how many bytes it wrote.
    @inlinable
    static func write(_ scaled: Int64, to out: UnsafeMutableRawPointer) -> Int {
        let sign = scaled < 0 ? negative : 0
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: 10_000)
        let places = decimalPlaces(of: fraction)
        if whole < 10_000 { return writeSmall(whole, fraction, sign, places, to: out) }
        return writeLarge(whole, fraction, sign, places, to: out)
    }

    /// Below 10,000: every price, most stakes.
    @inlinable @inline(__always)
    static func writeSmall(
        _ whole: UInt64, _ fraction: UInt64, _ sign: UInt64, _ places: UInt64, to out: UnsafeMutableRawPointer
    ) -> Int {
        var offset = 8
        var weight: UInt64 = 0
        if whole != 0 { put(whole, to: out, &offset) } else if fraction != 0 { weight = 0xFFFF }
        if fraction != 0 { put(fraction, to: out, &offset) }
        putHeader(digits: UInt64(offset - 8) / 2, weight: weight, sign: offset > 8 ? sign : 0, places: places, to: out)
        return offset
    }

    @usableFromInline
    static func writeLarge(
        _ whole: UInt64, _ fraction: UInt64, _ sign: UInt64, _ places: UInt64, to out: UnsafeMutableRawPointer
    ) -> Int {
        var weight: UInt64 = 1
        var unit: UInt64 = 10_000
        while whole / unit >= 10_000 {
            unit *= 10_000
            weight += 1
        }
        var rest = whole
        var offset = 8
        while unit > 0, rest > 0 || fraction > 0 {
            put(rest / unit, to: out, &offset)
            rest %= unit
            unit /= 10_000
        }
        if fraction > 0 { put(fraction, to: out, &offset) }
        putHeader(digits: UInt64(offset - 8) / 2, weight: weight, sign: sign, places: places, to: out)
        return offset
    }

    /// How many digits behind the point are needed to show `fraction` of 10,000.
    @inlinable @inline(__always)
    static func decimalPlaces(of fraction: UInt64) -> UInt64 {
        if fraction == 0 { return 0 }
        if fraction % 100 != 0 { return fraction % 10 != 0 ? 4 : 3 }
        return fraction % 1_000 != 0 ? 2 : 1
    }

    @inlinable @inline(__always)
    static func put(_ digit: UInt64, to out: UnsafeMutableRawPointer, _ offset: inout Int) {
        out.storeBytes(of: UInt16(truncatingIfNeeded: digit).bigEndian, toByteOffset: offset, as: UInt16.self)
        offset += 2
    }

    @inlinable @inline(__always)
    static func putHeader(digits: UInt64, weight: UInt64, sign: UInt64, places: UInt64, to out: UnsafeMutableRawPointer)
    {
        let header = digits << 48 | (weight & 0xFFFF) << 32 | sign << 16 | places
        out.storeBytes(of: header.bigEndian, as: UInt64.self)
    }

    /// The value × 10⁴. Nil for NaN, infinities, and what has more than four decimal places or does not fit.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard bytes.count >= 8 else { return nil }
        func word(_ offset: Int) -> Int64 {
            Int64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        }
        let digits = Int(word(0))
        var weight = Int(Int16(truncatingIfNeeded: word(2)))
        let sign = word(4)
        guard sign == 0 || sign == Int64(negative), bytes.count >= 8 + digits * 2 else { return nil }
        var value: Int64 = 0
        for index in 0..<digits {
            let digit = word(8 + index * 2)
            guard weight >= -1 || digit == 0 else { return nil }
            if weight >= -1 {
                let (product, tooBig) = value.multipliedReportingOverflow(by: 10_000)
                let (sum, carries) = product.subtractingReportingOverflow(digit)
                guard !tooBig, !carries else { return nil }
                value = sum
            }
            weight -= 1
        }
        while weight >= -1 {
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10_000)
            guard !tooBig else { return nil }
            value = product
            weight -= 1
        }
        if sign != 0 { return value }
        return value == .min ? nil : -value
    }
}
