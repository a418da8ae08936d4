/// One item of an entry, a frame, an event or a letter, as people read it: named values in order.
struct EntryItem: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case text(String)
        /// Written as it is: a number, a boolean, or JSON of someone else's.
        case json(String)

        /// What people read: a text without its quotes.
        var plain: String {
            switch self {
            case .text(let text), .json(let text): text
            }
        }

        var json: String {
            switch self {
            case .text(let text): EntryText.quoted(text)
            case .json(let json): json
            }
        }
    }

    struct Field: Sendable, Equatable {
        let name: String
        let value: Value
    }

    let fields: [Field]

    /// Values that are nil are left out.
    init(_ fields: [(String, Value?)]) {
        self.fields = fields.compactMap { name, value in value.map { Field(name: name, value: $0) } }
    }

    subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }

    /// What people read of a field; empty if it is not there.
    func plain(_ name: String) -> String { self[name]?.plain ?? "" }

    /// One line.
    var json: String { "{\(fields.map { "\"\($0.name)\":\($0.value.json)" }.joined(separator: ","))}" }
}
