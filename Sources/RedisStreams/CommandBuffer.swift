// SPDX-License-Identifier: Apache-2.0

/// Commands in Redis' wire form, back to back, written to the socket in one go.
///
/// The bytes are built here rather than by hiredis' argv functions: those take arrays of pointers, and pointers into many
/// Swift arrays at once would need one nested closure each. Here every argument is copied once, and the buffer is used
/// again.
struct CommandBuffer {
    private(set) var bytes: [UInt8] = []
    /// Commands since the last `clear`, which is how many replies will come.
    private(set) var commandCount = 0

    /// A buffer that a burst of large frames made bigger than this is given back.
    private static let retainedCapacity = 4 << 20

    mutating func clear() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.retainedCapacity)
        commandCount = 0
    }

    /// Makes room for what is about to be added, so that it is not copied again and again while it grows.
    mutating func reserve(_ count: Int) {
        if bytes.capacity < bytes.count + count { bytes.reserveCapacity(bytes.count + count) }
    }

    /// Starts a command of this many arguments, its name included.
    mutating func begin(_ argumentCount: Int) {
        bytes.append(UInt8(ascii: "*"))
        appendDigits(UInt64(argumentCount))
        appendLineEnd()
        commandCount += 1
    }

    /// A command without variable parts, as it goes over the wire.
    mutating func command(_ wireForm: StaticString) {
        append(wireForm)
        commandCount += 1
    }

    /// Arguments as they go over the wire.
    mutating func arguments(_ wireForm: StaticString) { append(wireForm) }

    mutating func argument(_ text: String) {
        var text = text
        text.withUTF8 { argument(UnsafeRawBufferPointer($0)) }
    }

    mutating func argument(_ payload: [UInt8]) { payload.withUnsafeBytes { argument($0) } }

    mutating func argument(_ number: some BinaryInteger) {
        var digits = DecimalDigits()
        digits.prepend(number: number.magnitude)
        if number < 0 { digits.prepend(UInt8(ascii: "-")) }
        digits.withBytes { argument($0) }
    }

    mutating func argument(_ id: StreamID) {
        var digits = DecimalDigits()
        digits.prepend(number: id.sequence)
        digits.prepend(UInt8(ascii: "-"))
        digits.prepend(number: id.milliseconds)
        digits.withBytes { argument($0) }
    }

    mutating func argument(_ argument: RedisArgument) {
        switch argument {
        case .text(let text): self.argument(text)
        case .bytes(let bytes): self.argument(bytes)
        case .integer(let number): self.argument(number)
        case .id(let id): self.argument(id)
        }
    }

    mutating func argument(_ value: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "$"))
        appendDigits(UInt64(value.count))
        appendLineEnd()
        bytes.append(contentsOf: value)
        appendLineEnd()
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func appendDigits(_ number: UInt64) {
        if number < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            var digits = DecimalDigits()
            digits.prepend(number: number)
            digits.withBytes { bytes.append(contentsOf: $0) }
        }
    }

    private mutating func appendLineEnd() { append("\r\n") }
}

/// Decimal digits written from the right, in place: room for two 64-bit numbers and a sign between them.
private struct DecimalDigits {
    private var storage: InlineArray<48, UInt8> = .init(repeating: 0)
    private var start = 48

    mutating func prepend(_ byte: UInt8) {
        start -= 1
        storage[start] = byte
    }

    /// Writes a number before what is there.
    mutating func prepend(number: some BinaryInteger) {
        var rest = UInt64(truncatingIfNeeded: number)
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            prepend(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
            rest = quotient
        } while rest > 0
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: storage) { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }
}
