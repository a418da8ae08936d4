import FeedModel

/// Writes a decoder's checkpoint. Numbers take as many bytes as they need: checkpoints are mostly small numbers.
struct CheckpointWriter {
    private(set) var bytes: [UInt8]

    init(version: UInt8) { bytes = [version] }

    mutating func put(unsigned value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    /// Zigzag: small negative numbers are short as well.
    mutating func put(_ value: Int64) { put(unsigned: UInt64(bitPattern: (value << 1) ^ (value >> 63))) }
    mutating func put(_ value: Int) { put(Int64(value)) }
    mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }
    mutating func put(_ value: UInt8) { bytes.append(value) }

    mutating func put(_ value: Int64?) {
        put(value != nil)
        if let value { put(value) }
    }

    mutating func put(_ text: UnsafeRawBufferPointer) {
        put(unsigned: UInt64(text.count))
        bytes.append(contentsOf: text)
    }

    mutating func put(_ text: [UInt8]) { text.withUnsafeBytes { put($0) } }
}

/// Reads a decoder's checkpoint; every read is checked.
struct CheckpointReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The version that wrote it.
    private(set) var version: UInt8 = 0

    init(_ bytes: UnsafeRawBufferPointer, versions: ClosedRange<UInt8>) throws(CheckpointError) {
        self.bytes = bytes
        version = try byte("version")
        guard versions.contains(version) else { throw .unknownVersion(version) }
    }

    /// Lets `body` read the whole of a checkpoint.
    static func read(
        _ checkpoint: [UInt8], version: UInt8, _ body: (inout CheckpointReader) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try read(checkpoint, versions: version...version, body)
    }

    /// The same for a checkpoint that an earlier version may have written: `body` asks which.
    static func read(
        _ checkpoint: [UInt8], versions: ClosedRange<UInt8>,
        _ body: (inout CheckpointReader) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        // A typed error does not pass through `withUnsafeBytes`, a result does.
        try checkpoint.withUnsafeBytes { bytes in
            Result { () throws(CheckpointError) in
                var reader = try CheckpointReader(bytes, versions: versions)
                try body(&reader)
                guard reader.offset == bytes.count else { throw .damaged("end") }
            }
        }.get()
    }

    mutating func byte(_ place: StaticString) throws(CheckpointError) -> UInt8 {
        guard offset < bytes.count else { throw .damaged("\(place)") }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func unsigned(_ place: StaticString) throws(CheckpointError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte(place)
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damaged("\(place)")
    }

    mutating func integer(_ place: StaticString) throws(CheckpointError) -> Int64 {
        let value = try unsigned(place)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A number that has to be in `range`.
    mutating func count(_ range: ClosedRange<Int>, _ place: StaticString) throws(CheckpointError) -> Int {
        guard let value = Int(exactly: try integer(place)), range.contains(value) else { throw .damaged("\(place)") }
        return value
    }

    mutating func flag(_ place: StaticString) throws(CheckpointError) -> Bool { try byte(place) != 0 }

    mutating func optional(_ place: StaticString) throws(CheckpointError) -> Int64? {
        try flag(place) ? try integer(place) : nil
    }

    mutating func text(_ place: StaticString) throws(CheckpointError) -> UnsafeRawBufferPointer {
        let length = try unsigned(place)
        guard length <= UInt64(bytes.count - offset) else { throw .damaged("\(place)") }
        defer { offset += Int(length) }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
    }
}
