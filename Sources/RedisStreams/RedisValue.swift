// SPDX-License-Identifier: Apache-2.0

/// One argument of a command. Redis takes bytes; texts and numbers are written as such.
package enum RedisArgument: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral
{
    case text(String)
    case bytes([UInt8])
    case integer(Int64)
    case id(StreamID)

    package init(_ text: String) { self = .text(text) }
    package init(_ bytes: [UInt8]) { self = .bytes(bytes) }
    package init(_ number: Int) { self = .integer(Int64(number)) }
    package init(_ id: StreamID) { self = .id(id) }
    package init(stringLiteral text: String) { self = .text(text) }
    package init(integerLiteral number: Int64) { self = .integer(number) }
}

/// A reply as a value of its own, for commands off the hot path.
package enum RedisValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case status(String)
    case bytes([UInt8])
    case array([RedisValue])
    /// A refusal within a pipeline or a transaction; a single command throws it instead.
    case error(RedisError)

    /// The text of a status or string.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        case .null, .array, .error: nil
        }
    }

    /// The number that the reply is, or that its text spells.
    package var integer: Int? {
        switch self {
        case .integer(let number): Int(number)
        case .status, .bytes: text.flatMap { Int($0) }
        case .null, .array, .error: nil
        }
    }

    package var array: [RedisValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}
