/// Finds a value in a line of JSON without decoding the line: only the keys of the outermost object (of the first one, if
/// the line is an array) are looked at.
struct TopLevelScanner {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    /// The bytes of the value of `key`, quotes included; nil if there is none or the line is no JSON object.
    static func value(of key: StaticString, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var scanner = TopLevelScanner(bytes: bytes)
        return scanner.find(UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
    }

    /// A number, or a number in quotes.
    static func integer(of key: StaticString, in bytes: UnsafeRawBufferPointer) -> Int64? {
        value(of: key, in: bytes).flatMap { Int64(text($0)) }
    }

    /// The value without its quotes.
    static func text(_ value: UnsafeRawBufferPointer) -> String {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return String(decoding: value, as: UTF8.self) }
        return String(decoding: value[1..<value.count - 1], as: UTF8.self)
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || (0x09...0x0D).contains(byte) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        index += 1
        return true
    }

    private mutating func find(_ key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        _ = take(UInt8(ascii: "["))
        guard take(UInt8(ascii: "{")) else { return nil }
        repeat {
            skipSpace()
            guard let name = string(), take(UInt8(ascii: ":")) else { return nil }
            skipSpace()
            let start = index
            guard skipValue() else { return nil }
            if name.elementsEqual(key) { return UnsafeRawBufferPointer(rebasing: bytes[start..<index]) }
        } while take(UInt8(ascii: ","))
        return nil
    }

    /// The inside of a string at `index`, escapes as they are.
    private mutating func string() -> UnsafeRawBufferPointer? {
        guard current == UInt8(ascii: "\"") else { return nil }
        index += 1
        let start = index
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""):
                index += 1
                return UnsafeRawBufferPointer(rebasing: bytes[start..<index - 1])
            default: index += 1
            }
        }
        return nil
    }

    private mutating func skipValue() -> Bool {
        var depth = 0
        repeat {
            switch current {
            case nil: return false
            case UInt8(ascii: "\""): guard string() != nil else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
                index += 1
            case UInt8(ascii: ",") where depth == 0: return true
            default: index += 1
            }
        } while depth > 0 || !isAtValueEnd
        return true
    }

    private var isAtValueEnd: Bool {
        guard let current else { return true }
        return current == UInt8(ascii: ",") || current == UInt8(ascii: "}") || current == UInt8(ascii: "]")
    }
}
