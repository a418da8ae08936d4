import FeedJSON

// Functions of another module are calls, stored properties are not: on the path of every message that is a tenth of the
// time.
extension JSONValue {
    @inline(__always)
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: token.pointee.start, count: Int(token.pointee.length))
    }

    @inline(__always)
    var isText: Bool {
        switch token.pointee.kind {
        case .string, .unescapedString: true
        default: false
        }
    }

    @inline(__always)
    var isNumber: Bool {
        if case .number = token.pointee.kind { true } else { false }
    }
}

extension JSONFields {
    /// The value of a field; nil when it is absent or null.
    @inline(__always)
    func value(_ index: Int) -> JSONValue? {
        present & (1 << UInt64(truncatingIfNeeded: index)) != 0 ? values[index] : nil
    }
}
