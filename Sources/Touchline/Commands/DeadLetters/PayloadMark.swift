import Foundation

/// The place in a letter's payload that its detail is about.
struct PayloadMark {
    /// In bytes.
    let range: Range<Int>

    /// Nil when the detail names no place, or names one that the payload does not have.
    init?(detail: String, payload: [UInt8]) {
        guard let range = Self.byteOffset(detail, payload) ?? Self.field(detail, payload) else { return nil }
        self.range = range
    }

    /// `… at byte 17`
    private static func byteOffset(_ detail: String, _ payload: [UInt8]) -> Range<Int>? {
        guard let words = detail.range(of: " at byte ", options: .backwards) else { return nil }
        guard let offset = Int(detail[words.upperBound...].prefix { $0.isNumber }), !payload.isEmpty else { return nil }
        // What ends too early is wrong behind its last byte.
        let place = min(offset, payload.count - 1)
        return place..<place + 1
    }

    /// `field: value is not …`, `key field occurs twice`, `field is missing`
    private static func field(_ detail: String, _ payload: [UInt8]) -> Range<Int>? {
        if let end = detail.range(of: " occurs twice"), detail.hasPrefix("key ") {
            let key = detail[detail.index(detail.startIndex, offsetBy: 4)..<end.lowerBound]
            return values(of: String(key), payload).dropFirst().first
        }
        guard let colon = detail.firstIndex(of: ":") else { return nil }
        let found = values(of: String(detail[..<colon]), payload)
        let told = detail[colon...].dropFirst(2)
        let value = Array(told.utf8.prefix { $0 != UInt8(ascii: " ") && $0 < 0x80 })
        return found.first { payload[$0].firstRange(of: value) != nil && !value.isEmpty } ?? found.first
    }

    /// From each such key to the end of its value.
    private static func values(of key: String, _ payload: [UInt8]) -> [Range<Int>] {
        let quoted = Array("\"\(key)\"".utf8)
        guard quoted.count > 2 else { return [] }
        var found: [Range<Int>] = []
        var start = 0
        while let place = payload[start...].firstRange(of: quoted) {
            start = place.upperBound
            let colon = payload[start...].drop { $0 <= UInt8(ascii: " ") }
            guard colon.first == UInt8(ascii: ":") else { continue }
            found.append(place.lowerBound..<endOfValue(payload, from: colon.startIndex + 1))
        }
        return found
    }

    private static func endOfValue(_ payload: [UInt8], from start: Int) -> Int {
        var isText = false
        var isEscaped = false
        var place = payload[start...].drop { $0 <= UInt8(ascii: " ") }.startIndex
        while place < payload.count {
            let byte = payload[place]
            if isText {
                if byte == UInt8(ascii: "\""), !isEscaped { return place + 1 }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                return place
            }
            place += 1
        }
        return place
    }
}
