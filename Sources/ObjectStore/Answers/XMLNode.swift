/// An element of an answer with what is in it. As much XML as object stores speak: no document types, attributes and
/// namespaces are passed over.
struct XMLNode: Sendable, Equatable {
    let name: String
    var text = ""
    var children: [XMLNode] = []

    init(name: String) { self.name = name }

    /// The document's element; nil if it is not well-formed, or nested deeper than any answer is.
    init?(_ document: [UInt8]) {
        var reader = XMLReader(document)
        guard let node = reader.document() else { return nil }
        self = node
    }

    /// The text of the first child of that name.
    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }
}

/// Reads one document from its beginning to its end. Nil is always "not well-formed".
private struct XMLReader {
    private let bytes: [UInt8]
    private var offset = 0

    private static let maximumDepth = 16

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() -> XMLNode? {
        _ = skip("\u{FEFF}")
        guard passMiscellany(), let node = element(depth: 0), passMiscellany(), offset == bytes.count else {
            return nil
        }
        return node
    }

    /// Spaces, comments and processing instructions.
    private mutating func passMiscellany() -> Bool {
        while true {
            while let byte = next, byte <= 0x20 { offset += 1 }
            if skip("<?") {
                guard pass("?>") != nil else { return false }
            } else if skip("<!--") {
                guard pass("-->") != nil else { return false }
            } else {
                return true
            }
        }
    }

    private mutating func element(depth: Int) -> XMLNode? {
        guard depth < Self.maximumDepth, skip("<"), let name = name(), let isEmpty = passAttributes() else {
            return nil
        }
        var node = XMLNode(name: name)
        if isEmpty { return node }
        while true {
            if skip("</") {
                guard self.name() == name else { return nil }
                while let byte = next, byte <= 0x20 { offset += 1 }
                return skip(">") ? node : nil
            }
            guard content(of: &node, depth) else { return nil }
        }
    }

    /// One piece of what an element holds.
    private mutating func content(of node: inout XMLNode, _ depth: Int) -> Bool {
        if skip("<!--") { return pass("-->") != nil }
        if skip("<?") { return pass("?>") != nil }
        if skip("<![CDATA[") {
            guard let text = pass("]]>") else { return false }
            node.text += String(decoding: text, as: UTF8.self)
            return true
        }
        guard let byte = next else { return false }
        if byte == UInt8(ascii: "<") {
            guard let child = element(depth: depth + 1) else { return false }
            node.children.append(child)
            return true
        }
        guard let text = characters() else { return false }
        node.text += text
        return true
    }

    /// Without its prefix.
    private mutating func name() -> String? {
        let start = offset
        while let byte = next, byte > 0x20, !"<>/=\"'".utf8.contains(byte) { offset += 1 }
        guard offset > start else { return nil }
        let name = bytes[start..<offset]
        return String(decoding: name.split(separator: UInt8(ascii: ":")).last ?? name, as: UTF8.self)
    }

    /// Up to the end of the tag; true if it ends its element as well.
    private mutating func passAttributes() -> Bool? {
        while let byte = next {
            offset += 1
            switch byte {
            case UInt8(ascii: ">"): return false
            case UInt8(ascii: "/"): return skip(">") ? true : nil
            case UInt8(ascii: "\""): guard pass("\"") != nil else { return nil }
            case UInt8(ascii: "'"): guard pass("'") != nil else { return nil }
            case UInt8(ascii: "<"): return nil
            default: break
            }
        }
        return nil
    }

    private mutating func characters() -> String? {
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "<") {
            offset += 1
            if byte == UInt8(ascii: "&") {
                guard let character = entity() else { return nil }
                text += String(character).utf8
            } else {
                text.append(byte)
            }
        }
        return String(validating: text, as: UTF8.self)
    }

    private mutating func entity() -> Unicode.Scalar? {
        guard let body = pass(";"), body.count <= 8 else { return nil }
        let word = String(decoding: body, as: UTF8.self)
        switch word {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        if word.hasPrefix("#x") { return UInt32(word.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init) }
        return word.hasPrefix("#") ? UInt32(word.dropFirst()).flatMap(Unicode.Scalar.init) : nil
    }

    // MARK: Bytes

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skip(_ text: String) -> Bool {
        guard bytes[offset...].starts(with: text.utf8) else { return false }
        offset += text.utf8.count
        return true
    }

    /// What stands before `end`; what follows is behind it.
    private mutating func pass(_ end: String) -> ArraySlice<UInt8>? {
        let start = offset
        while offset < bytes.count {
            if bytes[offset...].starts(with: end.utf8) {
                defer { offset += end.utf8.count }
                return bytes[start..<offset]
            }
            offset += 1
        }
        return nil
    }
}
