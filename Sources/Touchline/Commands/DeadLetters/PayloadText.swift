/// A payload in lines that fit a terminal, carets under what is marked.
struct PayloadText {
    let lines: [String]

    private static let width = 100
    /// Of a longer payload only what is around the mark, or its beginning.
    private static let longest = 4_096

    /// - Parameter mark: in bytes.
    init(_ payload: [UInt8], mark: Range<Int>?, isWhole: Bool) {
        var part = 0..<payload.count
        if !isWhole, payload.count > Self.longest {
            let start = min(max(0, (mark?.lowerBound ?? 0) - Self.longest / 2), payload.count - Self.longest)
            part = start..<start + Self.longest
        }
        var lines: [String] = []
        if part.lowerBound > 0 { lines.append("… \(part.lowerBound) bytes before") }
        var rest = part
        while !rest.isEmpty {
            let line = Self.line(of: payload, in: rest)
            lines.append(Self.text(payload[line]))
            if let carets = Self.carets(payload, line, mark) { lines.append(carets) }
            rest = line.upperBound..<rest.upperBound
        }
        if part.upperBound < payload.count { lines.append("… \(payload.count - part.upperBound) bytes more: --full") }
        self.lines = lines
    }

    /// Up to the width, not through the middle of a character.
    private static func line(of payload: [UInt8], in rest: Range<Int>) -> Range<Int> {
        var end = min(rest.lowerBound + width, rest.upperBound)
        if let newline = payload[rest.lowerBound..<end].firstIndex(of: UInt8(ascii: "\n")) {
            return rest.lowerBound..<newline + 1
        }
        let longest = end
        while end < rest.upperBound, end > longest - 3, payload[end] & 0xC0 == 0x80 { end -= 1 }
        return rest.lowerBound..<end
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let body = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
        return String(decoding: body, as: UTF8.self).printable
    }

    private static func carets(_ payload: [UInt8], _ line: Range<Int>, _ mark: Range<Int>?) -> String? {
        guard let mark, mark.overlaps(line) else { return nil }
        let marked = mark.clamped(to: line)
        let before = text(payload[line.lowerBound..<marked.lowerBound]).count
        return String(repeating: " ", count: before)
            + String(repeating: "^", count: max(1, text(payload[marked]).count))
    }
}
