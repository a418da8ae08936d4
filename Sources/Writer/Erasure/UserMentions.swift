/// Finds a user's id in what a provider sent, and puts a token in its place.
///
/// Only values of the fields that tell a user are touched: the same text elsewhere, such as an option's id, means something
/// else. It goes through the bytes and not through a parser, because dead letters are often no JSON, or the beginning of some.
struct UserMentions: Sendable {
    let user: [UInt8]
    let token: [UInt8]

    /// Where the providers' decoders find the user of a bet.
    static let fields: Set<[UInt8]> = [Array("user_id".utf8), Array("rfs".utf8), Array("accountId".utf8)]

    init(user: String, token: String) {
        self.user = Array(user.utf8)
        self.token = Array(token.utf8)
    }

    /// Nil if the user is not mentioned.
    func replaced(in text: [UInt8]) -> [UInt8]? {
        let places = self.places(in: text)
        guard !places.isEmpty else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + places.count * token.count)
        var end = 0
        for place in places {
            result += text[end..<place.lowerBound] + [Self.quote] + token + [Self.quote]
            end = place.upperBound
        }
        return result + text[end...]
    }

    // MARK: Scanning

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    private static let ends: Set<UInt8> = space.union([UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")])

    /// Values to replace, quotes included.
    private func places(in text: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var at = 0
        while let start = text[at...].firstIndex(of: Self.quote) {
            let key = Self.string(at: start, in: text)
            at = key.range.upperBound
            guard Self.fields.contains(key.content) else { continue }
            var place = Self.pastSpace(at, in: text)
            guard place < text.count, text[place] == UInt8(ascii: ":") else { continue }
            place = Self.pastSpace(place + 1, in: text)
            guard place < text.count else { break }
            let value = Self.value(at: place, in: text)
            // A text that is cut short may be the beginning of the id.
            if value.content == user || (value.isCut && !value.content.isEmpty && user.starts(with: value.content)) {
                places.append(value.range)
            }
            at = value.range.upperBound
        }
        return places
    }

    private struct Text {
        let range: Range<Int>
        /// Without quotes and escapes.
        let content: [UInt8]
        var isCut = false
    }

    private static func pastSpace(_ start: Int, in text: [UInt8]) -> Int {
        text[start...].firstIndex { !space.contains($0) } ?? text.count
    }

    private static func value(at start: Int, in text: [UInt8]) -> Text {
        if text[start] == quote { return string(at: start, in: text) }
        let end = text[start...].firstIndex { ends.contains($0) || $0 == quote } ?? text.count
        return Text(range: start..<end, content: Array(text[start..<end]))
    }

    private static func string(at start: Int, in text: [UInt8]) -> Text {
        var end = start + 1
        var hasEscapes = false
        while end < text.count, text[end] != quote {
            if text[end] == backslash {
                hasEscapes = true
                end += 1
            }
            end += 1
        }
        let isCut = end >= text.count
        let content = Array(text[start + 1..<min(max(end, start + 1), text.count)])
        return Text(
            range: start..<min(end + 1, text.count), content: hasEscapes ? JSONEscapes.removed(from: content) : content,
            isCut: isCut)
    }
}

/// JSON's escapes in a string's content (RFC 8259 §7). What is none stays as it is.
enum JSONEscapes {
    private static let short: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C,
    ]

    static func removed(from content: [UInt8]) -> [UInt8] {
        var units: [UInt16] = []
        var result: [UInt8] = []
        var rest = content[...]
        func flush() {
            if !units.isEmpty { result += Array(String(decoding: units, as: UTF16.self).utf8) }
            units = []
        }
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                flush()
                result.append(byte)
                continue
            }
            if kind == UInt8(ascii: "u"), let unit = UInt16(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16)
            {
                // Two units may make one character.
                units.append(unit)
                rest = rest.dropFirst(4)
            } else {
                flush()
                result.append(short[kind] ?? kind)
            }
        }
        flush()
        return result
    }
}
