/// A parameter of a command of the DevTools protocol, as JSON has them.
enum DevToolsValue: Encodable, Sendable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case list([DevToolsValue])
    case object([String: DevToolsValue])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}

extension DevToolsValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral text: String) { self = .text(text) }
    init(integerLiteral number: Int) { self = .number(Double(number)) }
    init(booleanLiteral flag: Bool) { self = .flag(flag) }
    init(arrayLiteral values: DevToolsValue...) { self = .list(values) }
    init(dictionaryLiteral members: (String, DevToolsValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
