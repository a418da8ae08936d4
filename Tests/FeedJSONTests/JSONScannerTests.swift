import FeedJSON
import Testing

@Suite struct JSONScannerTests {
    private let scanner = JSONScanner()

    @Test func readsEveryKindOfValue() throws {
        let tree = try scanner.tree(#" { "a" : [ 1 , -2.50e+3 , "x" , true , false , null , { } , [ ] ] , "b" : "" } "#)
        #expect(
            tree
                == .object([
                    .init(
                        key: "a",
                        value: .array([
                            .number("1"), .number("-2.50e+3"), .string("x"), .bool(true), .bool(false), .null,
                            .object([]), .array([]),
                        ])),
                    .init(key: "b", value: .string("")),
                ]))
    }

    @Test(arguments: ["0", "-0", "1.0", "12345678901234567890123456789.5", "1e5", "1E-5", "0.1e+10", " 7 "])
    func numbersStayText(_ text: String) throws {
        #expect(try scanner.tree(text) == .number(text.trimmingSpaces))
    }

    @Test(arguments: [
        "", " ", "{", "[", "}", "]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "[1,]", "[,1]",
        "[1 2]",
        "{\"a\" 1}", "{1:2}", "{a:1}", "[1}", "{\"a\":1]", "1 2", "{}{}", "{} x", "tru", "truex", "nul", "falsee",
        "True", "01",
        "-", "+1", "1.", ".5", "1e", "1e+", "1.e5", "0x10", "1_000", "NaN", "Infinity", "'a'", "\"a", "\"\\\"",
        "\"\\x\"", "\"\\u12\"",
        "\"\\u12G4\"", "\"\\uD800\"", "\"\\uD800\\u0041\"", "\"\\uDC00\"", "\"a\"b", "\"a\"\"b\"", "[\"a\" \"b\"]",
        "\"\u{1}\"", "\"\n\"",
        "\"\u{0}\"", "[1]]", "{\"a\":1}}", "\u{FEFF}{}", "--1", "1-", "[1.2.3]", "/* */ 1", "[\"a\":1]", "{\"a\",1}",
    ])
    func refusesWhatIsNotJSON(_ text: String) {
        #expect(throws: JSONError.self) { try scanner.tree(text) }
    }

    @Test func unescapes() throws {
        #expect(
            try scanner.tree(#"["\"\\\/\b\f\n\r\t", "\u0041\u00e9\u20AC\uD83D\ude00x", "plain", "\u0000"]"#)
                == .array([.string("\"\\/\u{8}\u{C}\n\r\t"), .string("Aé€😀x"), .string("plain"), .string("\u{0}")]))
        #expect(try scanner.tree(#"{"\u0061\"":1}"#) == .object([.init(key: "a\"", value: .number("1"))]))
    }

    @Test func keepsKindsApartByEscapes() throws {
        let text = #"["a\n","a"]"#
        let kinds = try withFrame(text) { frame in Result { try scanner.scan(frame).elements.map(\.kind) } }.get()
        #expect(kinds == [.unescapedString, .string])
    }

    @Test func refusesInvalidUTF8() {
        let bad: [[UInt8]] = [
            [0xFF], [0xC0, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
        ]
        for bytes in bad {
            #expect(throws: JSONError.self) { try scanner.tree([0x22] + bytes + [0x22]) }
        }
    }

    @Test func depthIsLimited() throws {
        let deepest = JSONScanner.maximumDepth
        let fits = String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest)
        _ = try scanner.tree(fits)
        let error = #expect(throws: JSONError.self) { try scanner.tree("[" + fits + "]") }
        #expect(error?.kind == .tooDeep)
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: JSONError.self) { try scanner.tree(objects) }
    }

    @Test func truncatedAtEveryByteIsRefused() throws {
        let text = #"{"type":"odds_change","x":[1.5,{"y":"ü\n"}],"z":null,"t":true}"#
        let bytes = Array(text.utf8)
        _ = try scanner.tree(bytes)
        for end in 0..<bytes.count {
            for filler in [UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "1"), 0, 0xFF] {
                #expect(throws: JSONError.self, "cut at \(end)") {
                    try scanner.tree(Array(bytes[..<end]), filler: filler)
                }
            }
        }
    }

    @Test func errorsSayWhere() {
        let error = #expect(throws: JSONError.self) { try scanner.tree(#"{"a":1,"b":tru}"#) }
        #expect(error?.offset == 11)
        #expect(error?.description == "unknown word at byte 11")
    }

    @Test func textOfContainersIsWhatWasSent() throws {
        let texts = try withFrame(#"[ {"a": 1 } , [2, 3]]"#) { frame in
            Result { try scanner.scan(frame).elements.map { String(decoding: $0.text, as: UTF8.self) } }
        }.get()
        #expect(texts == [#"{"a": 1 }"#, "[2, 3]"])
    }

    @Test func memoryIsUsedAgainAfterALongDocument() throws {
        let long = "[" + String(repeating: "1234567,", count: 400_000) + "1]"
        guard case .array(let elements) = try scanner.tree(long) else { return #expect(Bool(false)) }
        #expect(elements.count == 400_001)
        for _ in 0..<3 { #expect(try scanner.tree("[1,\"\\n\"]") == .array([.number("1"), .string("\n")])) }
        _ = try scanner.tree(long)
    }

    @Test func longerThanTheLimitIsRefused() {
        let bytes = [UInt8](repeating: UInt8(ascii: " "), count: 17 << 20)
        let error = #expect(throws: JSONError.self) { try scanner.tree(bytes) }
        #expect(error?.kind == .tooLong)
    }
}

extension String {
    fileprivate var trimmingSpaces: String { filter { $0 != " " } }
}
