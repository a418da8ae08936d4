/// A JSON text as a tree. Stricter than most parsers: a member that is there twice is an error.
enum JSONText: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONText])
    case object([String: JSONText])

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    init(parsing text: String) throws {
        var parser = Parser(bytes: Array(text.utf8))
        self = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.isAtEnd else { throw Malformed(description: "more follows at byte \(parser.offset)") }
    }

    subscript(key: String) -> JSONText? { if case .object(let members) = self { members[key] } else { nil } }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var array: [JSONText]? { if case .array(let elements) = self { elements } else { nil } }
    var object: [String: JSONText]? { if case .object(let members) = self { members } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
}

private struct Parser {
    let bytes: [UInt8]
    var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    func failure(_ what: String) -> JSONText.Malformed { .init(description: "\(what) at byte \(offset)") }

    mutating func skipSpace() {
        while offset < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[offset]) { offset += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    mutating func value(depth: Int) throws -> JSONText {
        guard depth < 32 else { throw failure("too deep") }
        skipSpace()
        guard offset < bytes.count else { throw failure("nothing") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(_ depth: Int) throws -> JSONText {
        offset += 1
        var members: [String: JSONText] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw failure("no colon") }
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw failure("\(name) twice")
            }
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("an object without end") }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws -> JSONText {
        offset += 1
        var elements: [JSONText] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("an array without end") }
        return .array(elements)
    }

    private mutating func word(_ text: StaticString, _ value: JSONText) throws -> JSONText {
        guard bytes[offset...].starts(with: "\(text)".utf8) else { throw failure("no value") }
        offset += text.utf8CodeUnitCount
        return value
    }

    private mutating func number() throws -> Double {
        let start = offset
        while offset < bytes.count, "+-.eE0123456789".utf8.contains(bytes[offset]) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let number = Double(text), text.first != "+", text.first != "." else { throw failure("no value") }
        return number
    }

    private mutating func string() throws -> String {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { throw failure("no string") }
        offset += 1
        var text: [UInt8] = []
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            guard bytes[offset] >= 0x20 else { throw failure("a control character in a string") }
            if bytes[offset] == UInt8(ascii: "\\") { try escape(&text) } else { text.append(bytes[offset]) }
            offset += 1
        }
        guard offset < bytes.count, let valid = String(validating: text, as: UTF8.self) else {
            throw failure("a string without end, or not UTF-8")
        }
        offset += 1
        return valid
    }

    private mutating func escape(_ text: inout [UInt8]) throws {
        offset += 1
        guard offset < bytes.count else { throw failure("half an escape") }
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "\""): 0x22,
            UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
        ]
        if let byte = simple[bytes[offset]] { return text.append(byte) }
        guard bytes[offset] == UInt8(ascii: "u"), offset + 4 < bytes.count,
            let code = UInt32(String(decoding: bytes[offset + 1...offset + 4], as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw failure("an unknown escape") }
        text.append(contentsOf: String(Character(scalar)).utf8)
        offset += 4
    }
}
