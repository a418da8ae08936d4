import PostgresCopy
import Testing

@Suite("Binary COPY encoder: the bytes that Postgres documents")
struct BinaryCopyEncoderTests {
    /// The bytes of one field: behind the row's column count.
    private func field(_ write: (inout BinaryCopyEncoder) -> Void) -> [UInt8] {
        var encoder = BinaryCopyEncoder(capacity: 64)
        encoder.beginRow(columns: 1)
        write(&encoder)
        return encoder.withRows(0..<1) { Array($0.dropFirst(2)) }
    }

    @Test func `a file is a header, rows and a trailer`() {
        var encoder = BinaryCopyEncoder()
        encoder.beginRow(columns: 2)
        encoder.int16(-2)
        encoder.null()
        let header: [UInt8] = [
            0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0,
        ]
        #expect(encoder.encoded() == header + [0, 2, 0, 0, 0, 2, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF] + [0xFF, 0xFF])
        #expect(encoder.rowCount == 1)
        #expect(encoder.byteCount == 12)
    }

    @Test func `integers and booleans are big-endian behind their length`() {
        #expect(field { $0.int16(0x0102) } == [0, 0, 0, 2, 1, 2])
        #expect(field { $0.int32(.min) } == [0, 0, 0, 4, 0x80, 0, 0, 0])
        #expect(field { $0.int64(-1) } == [0, 0, 0, 8] + [UInt8](repeating: 0xFF, count: 8))
        #expect(field { $0.bool(true) } == [0, 0, 0, 1, 1])
        #expect(field { $0.bool(false) } == [0, 0, 0, 1, 0])
    }

    @Test func `text and bytes are written as they are`() {
        #expect(field { $0.text("né") } == [0, 0, 0, 3, 0x6E, 0xC3, 0xA9])
        #expect(field { $0.text("") } == [0, 0, 0, 0])
        #expect(field { $0.bytea([0, 255]) } == [0, 0, 0, 2, 0, 255])
        #expect(
            field { encoder in "{}".utf8.withContiguousStorageIfAvailable { encoder.jsonb(UnsafeRawBufferPointer($0)) }
            }
                == [0, 0, 0, 3, 1, 0x7B, 0x7D])
    }

    @Test func `times count from the year 2000`() {
        #expect(
            field { $0.timestamptz(microsecondsSince1970: 946_684_800_000_001) } == [
                0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1,
            ])
        #expect(
            field { $0.timestamptz(microsecondsSince1970: 0) } == [
                0, 0, 0, 8, 0xFF, 0xFC, 0xA2, 0xFE, 0xC4, 0xC8, 0x20, 0,
            ])
    }

    /// Digits, weight, sign, decimal places, then the digits of base 10,000.
    @Test(
        arguments: [
            (0, [0, 0, 0, 0, 0, 0, 0, 0]),
            (19_500, [0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0x25, 0x1C]),
            (20_000, [0, 1, 0, 0, 0, 0, 0, 0, 0, 2]),
            (-5_000, [0, 1, 0xFF, 0xFF, 0x40, 0, 0, 1, 0x13, 0x88]),
            (1, [0, 1, 0xFF, 0xFF, 0, 0, 0, 4, 0, 1]),
            (100_000_000, [0, 1, 0, 1, 0, 0, 0, 0, 0, 1]),
            (100_000_010, [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 0, 0, 0, 10]),
            (
                Int64.max, [0, 5, 0, 3, 0, 0, 0, 4, 0x03, 0x9A, 0x0D, 0x2C, 0x01, 0x70, 0x15, 0x65, 0x16, 0xAF]
            ),
        ] as [(Int64, [UInt8])])
    func `numerics have the digits they need and no more`(scaled: Int64, expected: [UInt8]) {
        #expect(field { $0.numeric(scaled: scaled) } == [0, 0, 0, UInt8(expected.count)] + expected)
    }

    @Test func `a missing numeric is null`() {
        let nothing: Int64? = nil
        #expect(field { $0.numeric(scaled: nothing) } == [0xFF, 0xFF, 0xFF, 0xFF])
    }

    @Test func `rows can be taken apart`() {
        var encoder = BinaryCopyEncoder(capacity: 64)
        for value in 0..<100 {
            encoder.beginRow(columns: 1)
            encoder.int32(Int32(value))
        }
        let middle = encoder.withRows(41..<43) { Array($0) }
        #expect(middle == [0, 1, 0, 0, 0, 4, 0, 0, 0, 41, 0, 1, 0, 0, 0, 4, 0, 0, 0, 42])
        encoder.dropLastRow()
        #expect(encoder.rowCount == 99)
        #expect(encoder.byteCount == 990)
        encoder.reset()
        #expect(encoder.isEmpty == true)
        #expect(encoder.byteCount == 0)
        encoder.dropLastRow()
        #expect(encoder.encoded() == BinaryCopyEncoder.header + BinaryCopyEncoder.trailer)
    }
}
