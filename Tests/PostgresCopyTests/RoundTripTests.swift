import PostgresCopy
import TestSupport
import Testing

@Suite("Binary COPY against a real server", .timeLimit(.minutes(1)))
struct RoundTripTests {
    /// Copies one column of values and gives back what Postgres prints for it, in order.
    private func printed<Value: Sendable>(
        _ values: [Value], as type: String, select: String = "v::text",
        _ write: @Sendable @escaping (inout BinaryCopyEncoder, Value) -> Void
    ) async throws -> [String?] {
        var encoder = BinaryCopyEncoder()
        for (index, value) in values.enumerated() {
            encoder.beginRow(columns: 2)
            encoder.int32(Int32(index))
            write(&encoder, value)
        }
        return try await TestDatabase.with { connection in
            try await connection.withTransaction(lending: &encoder) { session, encoder in
                try session.execute("CREATE TEMP TABLE t (n int, v \(type))")
                let count = try session.copyIn("COPY t FROM STDIN WITH (FORMAT binary)", from: encoder)
                #expect(count == values.count)
                return try session.texts("SELECT \(select) FROM t ORDER BY n").map { $0[0] }
            }
        }
    }

    /// Says where two long columns differ, not what they hold.
    private func expectEqual(_ found: [String?], _ expected: [String], _ location: SourceLocation = #_sourceLocation) {
        #expect(found.count == expected.count, sourceLocation: location)
        let differing = zip(found, expected).enumerated().filter { $0.element.0 != $0.element.1 }
        let first = differing.prefix(3).map { "row \($0.offset): \($0.element.0 ?? "null"), not \($0.element.1)" }
        #expect(first.isEmpty, "\(differing.count) rows differ", sourceLocation: location)
    }

    private func random<Value: FixedWidthInteger & Sendable>(_ type: Value.Type, _ seed: UInt64) -> [Value] {
        var generator = SeededGenerator(seed: seed)
        return [.min, .max, 0, 1, 42] + (0..<3_000).map { _ in Value.random(in: .min ... .max, using: &generator) }
    }

    @Test func `every smallint`() async throws {
        let values = Array(Int16.min...Int16.max)
        expectEqual(try await printed(values, as: "smallint") { $0.int16($1) }, values.map(\.description))
    }

    @Test func integers() async throws {
        let values = random(Int32.self, 1)
        expectEqual(try await printed(values, as: "integer") { $0.int32($1) }, values.map(\.description))
    }

    @Test func bigints() async throws {
        let values = random(Int64.self, 2)
        expectEqual(try await printed(values, as: "bigint") { $0.int64($1) }, values.map(\.description))
    }

    @Test func `booleans and nulls`() async throws {
        let values: [Bool?] = [true, false, nil]
        let texts = try await printed(values, as: "boolean") { encoder, value in
            if let value { encoder.bool(value) } else { encoder.null() }
        }
        #expect(texts == ["true", "false", nil])
    }

    @Test func texts() async throws {
        var generator = SeededGenerator(seed: 3)
        let alphabet = Array("aZ0 \t\n\"\\é漢🏏'")
        let values =
            ["", String(repeating: "x", count: 200_000)]
            + (0..<2_000).map { _ in
                let length = Int.random(in: 0...40, using: &generator)
                return String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
            }
        expectEqual(try await printed(values, as: "text") { $0.text($1) }, values)
    }

    @Test func bytes() async throws {
        var generator = SeededGenerator(seed: 4)
        let values: [[UInt8]] =
            [[], Array(0...255)]
            + (0..<500).map { _ in
                let length = Int.random(in: 0...300, using: &generator)
                return (0..<length).map { _ in .random(in: 0...255, using: &generator) }
            }
        let texts = try await printed(values, as: "bytea", select: "encode(v, 'hex')") { $0.bytea($1) }
        let hexadecimal = values.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        expectEqual(texts, hexadecimal)
    }

    @Test func `times, to the microsecond, from 4713 BC to 294246`() async throws {
        var generator = SeededGenerator(seed: 5)
        let earliest: Int64 = -210_866_803_200_000_000
        let latest = Int64.max - 1
        let values =
            [earliest, latest, 0, 946_684_800_000_000, -1]
            + (0..<3_000).map { _ in Int64.random(in: earliest...latest, using: &generator) }
        let texts = try await printed(
            values, as: "timestamptz", select: "(extract(epoch FROM v) * 1000000)::bigint::text"
        ) {
            $0.timestamptz(microsecondsSince1970: $1)
        }
        expectEqual(texts, values.map(\.description))
    }

    @Test func `numerics print as the shortest exact decimal and are equal to it`() async throws {
        var generator = SeededGenerator(seed: 6)
        var values: [Int64] = [0, 1, -1, 9_999, 10_000, 99_990_000, 100_000_000, 999_999_999_999, .max, .min, .min + 1]
        for digits in 1...19 {
            let bound = (0..<digits).reduce(Int64(1)) { value, _ in
                value.multipliedReportingOverflow(by: 10).partialValue
            }
            for _ in 0..<200 where bound > 0 { values.append(Int64.random(in: -bound...bound, using: &generator)) }
        }
        values += (-20_000...20_000)
        let texts = try await printed(values, as: "numeric") { $0.numeric(scaled: $1) }
        expectEqual(texts, values.map { shortest($0) })
        // What Postgres makes of the digits itself is stored in the same bytes.
        let same = "(numeric_send(v) = numeric_send(v::text::numeric))::text"
        let answers = try await printed(values, as: "numeric", select: same) { $0.numeric(scaled: $1) }
        #expect(answers.allSatisfy { $0 == "true" } == true)
    }

    @Test func `parameters and answers keep their values`() async throws {
        let scaled: [Int64?] = [19_500, nil, -1, .max, .min, 0, 30_000_000]
        let times: [Int64?] = [0, 1_700_000_000_123_456, nil]
        try await TestDatabase.with { connection in
            try await connection.withSession { session in
                let row = try session.query(
                    """
                    SELECT $1::smallint, $2::int, $3::bigint, $4::text, $5::bytea, $6::timestamptz, $7::numeric, $8::bool,
                           $9::text
                    """,
                    [
                        .int16(-3), .int32(70_000), .int64(.min), .text("ü"), .bytea([]), .timestamptz(-1),
                        .numeric(scaled: -12_345), .bool(true), .null,
                    ])
                #expect(row.int64(0, 0) == -3)
                #expect(row.int64(0, 1) == 70_000)
                #expect(row.int64(0, 2) == .min)
                #expect(row.text(0, 3) == "ü")
                #expect(row.bytes(0, 4) == [])
                #expect(row.timestamptz(0, 5) == -1)
                #expect(row.numericScaled(0, 6) == -12_345)
                #expect(row.bool(0, 7) == true)
                #expect(row.isNull(0, 8) == true)
                let prices = try session.query("SELECT unnest($1::numeric[])", [.numerics(scaled: scaled)])
                #expect((0..<prices.count).map { prices.numericScaled($0, 0) } == scaled)
                let dates = try session.query("SELECT unnest($1::timestamptz[])", [.timestamptzs(times)])
                #expect((0..<dates.count).map { dates.timestamptz($0, 0) } == times)
                let none = try session.query("SELECT count(*) FROM unnest($1::text[])", [.texts([])])
                #expect(none.int64(0, 0) == 0)
            }
        }
    }

    private func shortest(_ scaled: Int64) -> String {
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: 10_000)
        var digits = String(fraction + 10_000).dropFirst()
        while digits.last == "0" { digits = digits.dropLast() }
        return (scaled < 0 ? "-" : "") + String(whole) + (digits.isEmpty ? "" : "." + digits)
    }
}
