/// Rows in the format of `COPY … WITH (FORMAT binary)`, built in one growing buffer: no allocation per row or field.
///
/// Pure: it knows nothing of a connection. Used again and again: `beginRow`, one call per column in the statement's order,
/// …, then hand it to `PostgresSession.copyIn`, then `reset`. A row whose fields do not match its column count is refused
/// by the server (SQLSTATE 22P04), not here.
///
/// `@unchecked Sendable`: the buffer is mutated only through `mutating` methods, the type cannot be copied, so whoever holds
/// the value is the only one who can reach the buffer, on whatever thread.
package struct BinaryCopyEncoder: ~Copyable, @unchecked Sendable {
    @usableFromInline var storage: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var count = 0
    /// Where each row starts, so that a part of the rows can be sent without encoding them again.
    @usableFromInline var rowStarts: [Int] = []

    package init(capacity: Int = 64 * 1024) {
        self.capacity = max(capacity, 64)
        storage = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { storage.deallocate() }

    /// Rows begun since the last reset.
    @inlinable package var rowCount: Int { rowStarts.count }

    /// Bytes of those rows, without the format's header and trailer.
    @inlinable package var byteCount: Int { count }

    @inlinable package var isEmpty: Bool { rowStarts.isEmpty }

    /// Forgets the rows and keeps the buffer.
    package mutating func reset() {
        count = 0
        rowStarts.removeAll(keepingCapacity: true)
    }

    /// Forgets the row begun last, with all its fields.
    package mutating func dropLastRow() {
        guard let start = rowStarts.popLast() else { return }
        count = start
    }

    /// The encoded rows `range`, without header and trailer. Valid only inside `body`.
    package borrowing func withRows<T, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> T
    ) throws(Failure) -> T {
        let start = range.lowerBound < rowStarts.count ? rowStarts[range.lowerBound] : count
        let end = range.upperBound < rowStarts.count ? rowStarts[range.upperBound] : count
        return try body(UnsafeRawBufferPointer(start: storage + start, count: max(0, end - start)))
    }

    /// Everything COPY reads: header, rows, trailer. For tests and for files; a connection is fed without this copy.
    package borrowing func encoded() -> [UInt8] {
        withRows(0..<rowCount) { rows in Self.header + [UInt8](rows) + Self.trailer }
    }

    /// Signature, flags (no OIDs) and an empty header extension.
    package static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [0, 0, 0, 0] + [0, 0, 0, 0]

    /// A column count of −1.
    package static let trailer: [UInt8] = [0xFF, 0xFF]

    // MARK: Rows and fields

    /// Starts a row of `columns` fields.
    @inlinable
    package mutating func beginRow(columns: Int) {
        rowStarts.append(count)
        reserve(2)
        put(Int16(truncatingIfNeeded: columns))
    }

    @inlinable
    package mutating func null() {
        reserve(4)
        put(Int32(-1))
    }

    @inlinable
    package mutating func int16(_ value: Int16) {
        reserve(6)
        put(Int32(2))
        put(value)
    }

    @inlinable
    package mutating func int32(_ value: Int32) {
        reserve(8)
        put(Int32(4))
        put(value)
    }

    @inlinable
    package mutating func int64(_ value: Int64) {
        reserve(12)
        put(Int32(8))
        put(value)
    }

    @inlinable
    package mutating func bool(_ value: Bool) {
        reserve(5)
        put(Int32(1))
        put(UInt8(value ? 1 : 0))
    }

    /// `text`, `varchar` and everything else whose binary form is its UTF-8 bytes. Postgres refuses a zero byte (22021).
    @inlinable
    package mutating func text(_ utf8: UnsafeRawBufferPointer) { variable(utf8) }

    package mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { variable(UnsafeRawBufferPointer($0)) }
    }

    @inlinable
    package mutating func bytea(_ bytes: UnsafeRawBufferPointer) { variable(bytes) }

    package mutating func bytea(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { variable($0) }
    }

    /// `jsonb`, from its text.
    package mutating func jsonb(_ utf8: UnsafeRawBufferPointer) {
        reserve(5)
        put(Int32(truncatingIfNeeded: utf8.count + 1))
        put(UInt8(1))
        append(utf8)
    }

    /// Postgres counts from 2000-01-01. What lies outside its years is refused by the server (22008).
    @inlinable
    package mutating func timestamptz(microsecondsSince1970: Int64) {
        int64(microsecondsSince1970 &- PostgresEpoch.microsecondsSince1970)
    }

    // MARK: Bytes

    @inlinable
    mutating func variable(_ bytes: UnsafeRawBufferPointer) {
        reserve(4)
        put(Int32(truncatingIfNeeded: bytes.count))
        append(bytes)
    }

    @inlinable
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        (storage + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    @inlinable @inline(__always)
    mutating func reserve(_ bytes: Int) {
        if count + bytes > capacity { grow(toHold: count + bytes) }
    }

    @inlinable @inline(__always)
    mutating func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        storage.storeBytes(of: value.bigEndian, toByteOffset: count, as: Value.self)
        count += MemoryLayout<Value>.size
    }

    @usableFromInline
    mutating func grow(toHold bytes: Int) {
        let larger = max(bytes, capacity * 2)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = moved
        capacity = larger
    }
}

/// 2000-01-01T00:00:00Z, from which Postgres counts.
@usableFromInline
enum PostgresEpoch {
    @usableFromInline static let microsecondsSince1970: Int64 = 946_684_800_000_000
}
