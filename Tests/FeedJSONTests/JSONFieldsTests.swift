import FeedJSON
import Testing

@Suite struct JSONFieldsTests {
    private static let names = [
        "a", "seq", "type", "fixture_id", "odd_value", "sixteen_bytes_xx", "eight_by", "nine_byte",
    ]

    @Test func findsItsKeysAndNoOthers() {
        let table = JSONKeyTable(Self.names)
        for (index, name) in Self.names.enumerated() {
            #expect(withFrame(name) { table.index(of: $0) } == index)
            #expect(withFrame(name + "x") { table.index(of: $0) } == -1)
            #expect(withFrame(String(name.dropLast())) { table.index(of: $0) } == -1)
        }
        #expect(withFrame("") { table.index(of: $0) } == -1)
        #expect(withFrame("a key that is far too long") { table.index(of: $0) } == -1)
    }

    @Test func collectsKnownMembers() throws {
        let scanner = JSONScanner()
        var fields = JSONFields(Self.names)
        try withFrame(#"{"other":{"seq":9},"seq":7,"type":null,"a":[1,2]}"#) { frame in
            Result {
                let object = try scanner.scan(frame)
                #expect(fields.read(object) == -1)
                #expect(fields[1].map { String(decoding: $0.text, as: UTF8.self) } == "7")
                #expect(fields[2] == nil, "null is as good as absent")
                #expect(fields[3] == nil)
                #expect(fields[0]?.elements.map { String(decoding: $0.text, as: UTF8.self) } == ["1", "2"])
            }
        }.get()
    }

    @Test func saysWhichKeyOccursTwice() throws {
        let scanner = JSONScanner()
        var fields = JSONFields(Self.names)
        let duplicate = try withFrame(#"{"x":1,"x":2,"seq":1,"type":2,"seq":3}"#) { frame in
            Result { fields.read(try scanner.scan(frame)) }
        }.get()
        #expect(duplicate == 1)
    }
}
