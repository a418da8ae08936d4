/// What a token of a document is. The cases are in the order of the C scanner's numbers, which are their tags in memory.
package enum JSONKind: Sendable {
    case object, array, key, string
    /// A string that had escapes; its text has none.
    case unescapedString
    case number, `true`, `false`, null
}

/// One token of a scanned document, laid out as the C scanner writes it.
///
/// Stored properties only: other modules read them directly, while a computed one would be a call. Valid until the
/// scanner's next scan, and as long as the scanned bytes are.
package struct JSONToken {
    /// The text: of a string or key without its quotes, of an object or array from bracket to bracket.
    package let start: UnsafeRawPointer
    package let length: UInt32
    /// How many tokens this one and everything in it are.
    package let span: UInt32
    package let kind: JSONKind
}

/// A value of a document: a scalar, or an object or array with everything in it.
package struct JSONValue {
    package let token: UnsafePointer<JSONToken>

    init(token: UnsafePointer<JSONToken>) { self.token = token }

    package var kind: JSONKind { token.pointee.kind }

    /// The text: of a string without its quotes and escapes, of everything else as it was written.
    package var text: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: token.pointee.start, count: Int(token.pointee.length))
    }

    package var isString: Bool {
        switch token.pointee.kind {
        case .string, .unescapedString: true
        default: false
        }
    }

    package var isNull: Bool {
        if case .null = token.pointee.kind { true } else { false }
    }

    /// The token behind this value.
    var next: UnsafePointer<JSONToken> { token + Int(token.pointee.span) }

    /// The members of an object, in order; none of anything else.
    package var members: JSONMembers {
        guard case .object = kind else { return JSONMembers(token: token, end: token) }
        return JSONMembers(token: token + 1, end: next)
    }

    /// The elements of an array, in order; none of anything else.
    package var elements: JSONElements {
        guard case .array = kind else { return JSONElements(token: token, end: token) }
        return JSONElements(token: token + 1, end: next)
    }
}

/// A key and its value.
package struct JSONMember {
    package let key: UnsafeRawBufferPointer
    package let value: JSONValue
}

/// Walks the members of an object; values are skipped in one step, whatever is in them.
package struct JSONMembers: Sequence, IteratorProtocol {
    var token: UnsafePointer<JSONToken>
    let end: UnsafePointer<JSONToken>

    package mutating func next() -> JSONMember? {
        guard token < end else { return nil }
        let key = UnsafeRawBufferPointer(start: token.pointee.start, count: Int(token.pointee.length))
        let value = JSONValue(token: token + 1)
        token = value.next
        return JSONMember(key: key, value: value)
    }
}

/// Walks the elements of an array.
package struct JSONElements: Sequence, IteratorProtocol {
    var token: UnsafePointer<JSONToken>
    let end: UnsafePointer<JSONToken>

    package mutating func next() -> JSONValue? {
        guard token < end else { return nil }
        let value = JSONValue(token: token)
        token = value.next
        return value
    }
}
