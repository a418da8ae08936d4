/// A parameter of a statement, encoded in Postgres' binary form, with its type.
///
/// `null` carries no type: the statement must make it plain (`$1::text`) or the server infers it.
package struct PostgresValue: Sendable, Hashable {
    let type: UInt32
    let bytes: [UInt8]?

    private init(_ type: PostgresType, _ bytes: [UInt8]) {
        self.type = type.rawValue
        self.bytes = bytes
    }

    private init() {
        type = 0
        bytes = nil
    }

    package static let null = PostgresValue()

    package static func bool(_ value: Bool) -> PostgresValue { .init(.bool, [value ? 1 : 0]) }
    package static func int16(_ value: Int16) -> PostgresValue { .init(.int2, value.wire) }
    package static func int32(_ value: Int32) -> PostgresValue { .init(.int4, value.wire) }
    package static func int64(_ value: Int64) -> PostgresValue { .init(.int8, value.wire) }
    package static func text(_ value: String) -> PostgresValue { .init(.text, Array(value.utf8)) }
    package static func bytea(_ value: [UInt8]) -> PostgresValue { .init(.bytea, value) }
    /// Microseconds since 1970.
    package static func timestamptz(_ microseconds: Int64) -> PostgresValue {
        .init(.timestamptz, PostgresEpoch.wire(microseconds))
    }
    /// A value × 10⁴.
    package static func numeric(scaled: Int64) -> PostgresValue { .init(.numeric, NumericFormat.wire(scaled)) }

    // MARK: Arrays, for statements that take a batch through `unnest`

    package static func bools(_ values: [Bool?]) -> PostgresValue { array(.bool, values) { [$0 ? 1 : 0] } }
    package static func int16s(_ values: [Int16?]) -> PostgresValue { array(.int2, values) { $0.wire } }
    package static func int32s(_ values: [Int32?]) -> PostgresValue { array(.int4, values) { $0.wire } }
    package static func int64s(_ values: [Int64?]) -> PostgresValue { array(.int8, values) { $0.wire } }
    package static func texts(_ values: [String?]) -> PostgresValue { array(.text, values) { Array($0.utf8) } }
    package static func byteas(_ values: [[UInt8]?]) -> PostgresValue { array(.bytea, values) { $0 } }
    /// Microseconds since 1970.
    package static func timestamptzs(_ values: [Int64?]) -> PostgresValue {
        array(.timestamptz, values) { PostgresEpoch.wire($0) }
    }
    /// Values × 10⁴.
    package static func numerics(scaled values: [Int64?]) -> PostgresValue {
        array(.numeric, values) { NumericFormat.wire($0) }
    }

    /// One dimension: `dimensions, has nulls, element type, length, lower bound`, then each element behind its length.
    private static func array<Element>(
        _ element: PostgresType, _ values: [Element?], _ encode: (Element) -> [UInt8]
    ) -> PostgresValue {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * 12)
        let isEmpty = values.isEmpty
        bytes += Int32(isEmpty ? 0 : 1).wire
        bytes += Int32(values.contains { $0 == nil } ? 1 : 0).wire
        bytes += element.rawValue.wire
        if !isEmpty { bytes += Int32(values.count).wire + Int32(1).wire }
        for value in values {
            guard let value else {
                bytes += Int32(-1).wire
                continue
            }
            let encoded = encode(value)
            bytes += Int32(encoded.count).wire
            bytes += encoded
        }
        return .init(element.arrayType, bytes)
    }
}

/// Object ids of the built-in types, fixed for ever by `pg_type.dat`.
enum PostgresType: UInt32 {
    case bool = 16
    case bytea = 17
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case timestamptz = 1184
    case numeric = 1700
    case boolArray = 1000
    case byteaArray = 1001
    case int2Array = 1005
    case int4Array = 1007
    case textArray = 1009
    case int8Array = 1016
    case timestamptzArray = 1185
    case numericArray = 1231

    var arrayType: PostgresType {
        switch self {
        case .bool: .boolArray
        case .bytea: .byteaArray
        case .int8: .int8Array
        case .int2: .int2Array
        case .int4: .int4Array
        case .timestamptz: .timestamptzArray
        case .numeric: .numericArray
        default: .textArray
        }
    }
}

extension FixedWidthInteger {
    /// Big-endian bytes.
    var wire: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}

extension PostgresEpoch {
    static func wire(_ microsecondsSince1970: Int64) -> [UInt8] {
        (microsecondsSince1970 &- Self.microsecondsSince1970).wire
    }
}

extension NumericFormat {
    static func wire(_ scaled: Int64) -> [UInt8] {
        withUnsafeTemporaryAllocation(byteCount: maximumBytes, alignment: 8) { buffer in
            guard let base = buffer.baseAddress else { return [] }
            return [UInt8](UnsafeRawBufferPointer(start: base, count: write(scaled, to: base)))
        }
    }
}
