extension [UInt8] {
    /// A copy of what a reader finds in passing, whether or not anyone looks at it in the end.
    ///
    /// Not `Array(bytes)`: where its result turns out to be unused, Swift 6.3.1's optimizer frees the array before it fills it.
    package init(copying bytes: UnsafeRawBufferPointer) {
        self = []
        append(contentsOf: bytes)
    }

    /// Appends an integer as entries hold them: little-endian.
    package mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// An entry that cannot be read: another version, or cut short. Its reader stops rather than guess.
package enum EntryError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownVersion(UInt8)
    case truncated(String)

    package var description: String {
        switch self {
        case .unknownVersion(let version):
            "entry of payload version \(version), which this build does not know: upgrade this process"
        case .truncated(let place): "entry is cut short in its \(place)"
        }
    }
}

/// Reads entry bytes front to back; every read is bounds-checked.
package struct ByteCursor {
    package let bytes: UnsafeRawBufferPointer
    package private(set) var offset: Int

    package init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    package var isAtEnd: Bool { offset >= bytes.count }

    package mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self, _ place: StaticString
    ) throws(EntryError) -> Value {
        guard offset + MemoryLayout<Value>.size <= bytes.count else { throw .truncated("\(place)") }
        defer { offset += MemoryLayout<Value>.size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    package mutating func take(_ count: Int, _ place: StaticString) throws(EntryError) -> UnsafeRawBufferPointer {
        guard count >= 0, offset + count <= bytes.count else { throw .truncated("\(place)") }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// A text with a one-byte length before it.
    package mutating func shortText(_ place: StaticString) throws(EntryError) -> UnsafeRawBufferPointer {
        try take(Int(try integer(UInt8.self, place)), place)
    }
}
