import FeedJSON

/// A scanned document as a tree that can be compared.
indirect enum ScannedNode: Equatable {
    case object([Member])
    case array([ScannedNode])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    struct Member: Equatable {
        let key: String
        let value: ScannedNode
    }

    init(_ value: JSONValue) {
        switch value.kind {
        case .object:
            self = .object(value.members.map { Member(key: text($0.key), value: ScannedNode($0.value)) })
        case .array: self = .array(value.elements.map { ScannedNode($0) })
        case .string, .unescapedString: self = .string(text(value.text))
        case .number: self = .number(text(value.text))
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        default: self = .null
        }
    }
}

private func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

extension JSONScanner {
    /// Scans bytes that are followed by `filler`, which must not matter.
    func tree(_ bytes: [UInt8], filler: UInt8 = UInt8(ascii: "1")) throws(JSONError) -> ScannedNode {
        let padded = bytes + [UInt8](repeating: filler, count: Self.slack)
        return try padded.withUnsafeBytes { buffer in
            Result { () throws(JSONError) in
                ScannedNode(try scan(UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count])))
            }
        }.get()
    }

    func tree(_ text: String) throws(JSONError) -> ScannedNode { try tree(Array(text.utf8)) }
}

/// Gives a text with its slack to `body`.
func withFrame<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let bytes = Array(text.utf8)
    let padded = bytes + [UInt8](repeating: UInt8(ascii: "}"), count: JSONScanner.slack)
    return padded.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<bytes.count])) }
}
