import CSimdjson

/// A few keys at the top of a frame's objects, looked for without reading all of the frame.
///
/// Values are raw text, a string with its quotes; of equal keys the first counts. They are valid until the next look.
final class JSONPeek {
    private let keys: UnsafeMutablePointer<fj_text>
    private let values: UnsafeMutablePointer<fj_text>
    private let names: UnsafeMutablePointer<UInt8>
    private let count: Int
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    private var offset = 0

    init(_ keys: [String]) {
        count = keys.count
        self.keys = .allocate(capacity: keys.count)
        values = .allocate(capacity: keys.count)
        values.initialize(repeating: fj_text(text: nil, length: 0), count: keys.count)
        names = .allocate(capacity: keys.reduce(0) { $0 + $1.utf8.count })
        var end = names
        for (index, key) in keys.enumerated() {
            (self.keys + index).initialize(to: fj_text(text: end, length: UInt32(key.utf8.count)))
            for byte in key.utf8 {
                end.initialize(to: byte)
                end += 1
            }
        }
    }

    deinit {
        keys.deallocate()
        values.deallocate()
        names.deallocate()
    }

    /// Starts with another frame.
    func open(_ frame: UnsafeRawBufferPointer) {
        bytes = frame
        offset = 0
    }

    private var start: UnsafePointer<UInt8>? { bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) }

    /// Steps over `byte` and the white space before it, if that is what comes next.
    func take(_ byte: UInt8) -> Bool {
        guard let start, fj_peek_byte(start, bytes.count, &offset) == Int32(byte) else { return false }
        offset += 1
        return true
    }

    /// Looks through the object that comes next. False if there is none.
    /// - Parameter wanted: bits of the keys after which it stops; nil to read on to the object's end.
    func look(stoppingAt wanted: UInt32? = nil) -> Bool {
        guard let start else { return false }
        return fj_peek(
            start, bytes.count, &offset, keys, values, UInt32(count), wanted ?? 0, wanted == nil ? 0 : 1) == 0
    }

    /// What a list's next element is.
    enum Element {
        case object
        /// It has none of the keys, and does not hide the elements behind it.
        case other
        case unreadable
    }

    /// Looks through a list's next element.
    func lookAtElement() -> Element {
        guard let start, fj_peek_byte(start, bytes.count, &offset) != Int32(UInt8(ascii: "{")) else {
            return look() ? .object : .unreadable
        }
        for index in 0..<count { values[index].text = nil }
        return fj_peek_skip(start, bytes.count, &offset) == 0 ? .other : .unreadable
    }

    /// The raw value that the last look found for a key.
    subscript(index: Int) -> UnsafeRawBufferPointer? {
        values[index].text.map { UnsafeRawBufferPointer(start: $0, count: Int(values[index].length)) }
    }

    /// What is between the quotes, if the value is a string. Escapes stay as they are.
    func string(_ index: Int) -> UnsafeRawBufferPointer? {
        guard let raw = self[index], raw.count >= 2, raw[0] == UInt8(ascii: "\"") else { return nil }
        return UnsafeRawBufferPointer(rebasing: raw[1..<raw.count - 1])
    }

    /// The value, if it is an integer without exponent.
    func integer(_ index: Int) -> Int64? {
        guard let raw = self[index] else { return nil }
        let isNegative = raw.first == UInt8(ascii: "-")
        let digits = isNegative ? UnsafeRawBufferPointer(rebasing: raw[1...]) : raw
        guard (1...18).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard case let digit = byte &- UInt8(ascii: "0"), digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return isNegative ? -value : value
    }

    /// The value, if it is true or false.
    func flag(_ index: Int) -> Bool? {
        guard let raw = self[index] else { return nil }
        if raw.elementsEqual("true".utf8) { return true }
        return raw.elementsEqual("false".utf8) ? false : nil
    }
}
