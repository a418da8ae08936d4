import CLibPQ

/// The answer to one statement. Lives only inside the session that asked; what is to leave it is read out.
///
/// Rows and columns count from 0. A reader gives nil for null, and for a value that is not of its kind.
package struct PostgresRows: ~Copyable {
    private let result: OpaquePointer

    /// Takes the result over and frees it at the end.
    init(owning result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    package var count: Int { Int(PQntuples(result)) }
    package var columnCount: Int { Int(PQnfields(result)) }

    /// Rows inserted, updated, deleted, copied or selected, as the command tag says.
    package var affectedRows: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    package func columnName(_ column: Int) -> String {
        PQfname(result, Int32(column)).map { String(cString: $0) } ?? ""
    }

    package func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(result, Int32(row), Int32(column)) != 0 }

    /// The value as it came. Valid only inside `body`.
    package func withBytes<T>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T? {
        guard row < count, column < columnCount, !isNull(row, column) else { return nil }
        let start = PQgetvalue(result, Int32(row), Int32(column))
        return body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, Int32(row), Int32(column)))))
    }

    package func text(_ row: Int, _ column: Int) -> String? {
        withBytes(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a `bytea` in a binary answer.
    package func bytes(_ row: Int, _ column: Int) -> [UInt8]? { withBytes(row, column) { [UInt8]($0) } }

    /// `smallint`, `integer` or `bigint`.
    package func int64(_ row: Int, _ column: Int) -> Int64? {
        guard isBinary(column) else { return text(row, column).flatMap { Int64($0) } }
        return withBytes(row, column) { bytes -> Int64? in
            switch bytes.count {
            case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
            case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
            case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
            default: nil
            }
        }.flatMap { $0 }
    }

    package func int32(_ row: Int, _ column: Int) -> Int32? { int64(row, column).flatMap { Int32(exactly: $0) } }
    package func int16(_ row: Int, _ column: Int) -> Int16? { int64(row, column).flatMap { Int16(exactly: $0) } }

    package func bool(_ row: Int, _ column: Int) -> Bool? {
        withBytes(row, column) { [isBinary = isBinary(column)] bytes in
            bytes.first == (isBinary ? 1 : UInt8(ascii: "t"))
        }
    }

    package func double(_ row: Int, _ column: Int) -> Double? {
        guard isBinary(column) else { return text(row, column).flatMap { Double($0) } }
        return withBytes(row, column) { bytes -> Double? in
            switch bytes.count {
            case 4: Double(Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
            case 8: Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
            default: nil
            }
        }.flatMap { $0 }
    }

    /// A `timestamptz` of a binary answer, in microseconds since 1970.
    package func timestamptz(_ row: Int, _ column: Int) -> Int64? {
        guard isBinary(column), let value = int64(row, column) else { return nil }
        return value &+ PostgresEpoch.microsecondsSince1970
    }

    /// A `numeric` of a binary answer × 10⁴; nil too if it has more than four decimal places.
    package func numericScaled(_ row: Int, _ column: Int) -> Int64? {
        guard isBinary(column) else { return nil }
        return withBytes(row, column) { NumericFormat.read($0) }.flatMap { $0 }
    }

    private func isBinary(_ column: Int) -> Bool { PQfformat(result, Int32(column)) == 1 }
}

extension PostgresRows {
    /// Every value as text, for answers that were asked for as text.
    package func texts() -> [[String?]] {
        (0..<count).map { row in (0..<columnCount).map { text(row, $0) } }
    }
}
