import FeedJSON
import Foundation
import Testing

/// Random documents, written out in random ways, against Foundation's reader.
@Suite struct JSONScannerPropertyTests {
    private let scanner = JSONScanner()

    @Test(arguments: 0..<20 as Range<UInt64>) func agreesWithFoundation(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let text = RandomDocument.value(depth: 5, using: &generator)
            let tree = try scanner.tree(text)
            let reference = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            #expect(Self.matches(tree, reference), "\(text)")
        }
    }

    /// Whatever is done to a document, it is read or refused; what is read, Foundation reads as well.
    @Test(arguments: 0..<20 as Range<UInt64>) func survivesDamage(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed &+ 1_000)
        for _ in 0..<300 {
            var bytes = Array(RandomDocument.value(depth: 4, using: &generator).utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.damage(&bytes, using: &generator) }
            do throws(JSONError) {
                let tree = try scanner.tree(bytes, filler: UInt8.random(in: 0...255, using: &generator))
                let reference = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
                if let reference { #expect(Self.matches(tree, reference)) }
            } catch {
                #expect((error.offset ?? 0) <= bytes.count)
            }
        }
    }

    private static func damage(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
        guard let place = bytes.indices.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(Array("{}[]\",:\\0eu ".utf8).randomElement(using: &generator) ?? 0, at: place)
        default: bytes.removeLast(bytes.count - place)
        }
    }

    private static func matches(_ tree: ScannedNode, _ reference: Any) -> Bool {
        switch tree {
        case .object(let members):
            guard let object = reference as? [String: Any] else { return false }
            // Of equal keys either reader may keep another one.
            return Set(members.map(\.key)) == Set(object.keys)
                && object.allSatisfy { key, value in members.contains { $0.key == key && matches($0.value, value) } }
        case .array(let elements):
            guard let array = reference as? [Any], array.count == elements.count else { return false }
            return zip(elements, array).allSatisfy { matches($0, $1) }
        case .string(let text): return reference as? String == text
        case .number(let text):
            guard let number = reference as? NSNumber, let value = Double(text) else { return false }
            return value.isInfinite || abs(number.doubleValue - value) <= abs(value) * 1e-12
        case .bool(let value): return reference as? Bool == value
        case .null: return reference is NSNull
        }
    }
}

/// Writes random JSON.
enum RandomDocument {
    static func value(depth: Int, using generator: inout SeededGenerator) -> String {
        let space = ["", "", "", " ", "\n", "\t\r "].randomElement(using: &generator) ?? ""
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 0: return space + number(using: &generator) + space
        case 1, 2: return space + string(using: &generator) + space
        case 3: return space + (["true", "false"].randomElement(using: &generator) ?? "true") + space
        case 4: return space + "null" + space
        case 5:
            let elements = (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                value(depth: depth - 1, using: &generator)
            }
            return space + "[" + elements.joined(separator: ",") + "]" + space
        default:
            let members = (0..<Int.random(in: 0..<5, using: &generator)).map { index in
                let key = string(using: &generator).dropLast() + "\(index)\""
                return "\(space)\(key)\(space):" + value(depth: depth - 1, using: &generator)
            }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    private static func number(using generator: inout SeededGenerator) -> String {
        let sign = Bool.random(using: &generator) ? "-" : ""
        let whole = String(
            UInt32.random(in: 0...UInt32.max, using: &generator) >> UInt32.random(in: 0...31, using: &generator))
        let fraction = Bool.random(using: &generator) ? ".\(Int.random(in: 0..<100_000, using: &generator))" : ""
        let exponent =
            Int.random(in: 0..<4, using: &generator) == 0 ? "e\(Int.random(in: -20...20, using: &generator))" : ""
        return sign + whole + fraction + exponent
    }

    private static func string(using generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "odds", "é", "€", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude00", " ", "{", "}", "[",
            ":", ",",
            "0123456789abcdef0123456789abcdef", "\u{7F}", "\\t", "\\u00e9",
        ]
        let count = Int.random(in: 0..<6, using: &generator)
        return "\"" + (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined() + "\""
    }
}

/// SplitMix64: the same documents on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
