// SPDX-License-Identifier: Apache-2.0
import CHiredis

/// A reply of hiredis, freed when this goes out of scope. Nothing that `view` hands out may live longer.
struct Reply: ~Copyable {
    private let pointer: UnsafeMutablePointer<redisReply>

    /// Takes ownership.
    init(_ pointer: UnsafeMutablePointer<redisReply>) { self.pointer = pointer }

    deinit { freeReplyObject(pointer) }

    var view: ReplyView { ReplyView(UnsafePointer(pointer)) }
}

/// A look at a reply, or at a part of it, while its `Reply` lives.
struct ReplyView {
    enum Kind { case null, integer, status, bytes, array, error }

    private let pointer: UnsafePointer<redisReply>

    init(_ pointer: UnsafePointer<redisReply>) { self.pointer = pointer }

    var kind: Kind {
        switch pointer.pointee.type {
        case REDIS_REPLY_STRING: .bytes
        case REDIS_REPLY_ARRAY: .array
        case REDIS_REPLY_INTEGER: .integer
        case REDIS_REPLY_NIL: .null
        case REDIS_REPLY_STATUS: .status
        default: .error
        }
    }

    var isNull: Bool { pointer.pointee.type == REDIS_REPLY_NIL }
    var isArray: Bool { pointer.pointee.type == REDIS_REPLY_ARRAY }

    /// The reply's characters: of a string, a status or an error.
    var characters: UnsafeRawBufferPointer {
        guard let start = pointer.pointee.str else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: start, count: pointer.pointee.len)
    }

    var text: String { String(decoding: characters, as: UTF8.self) }

    var integer: Int64 { pointer.pointee.integer }

    /// How many elements an array has; 0 for anything else.
    var count: Int { isArray ? pointer.pointee.elements : 0 }

    /// An element of an array; nil outside of it.
    subscript(index: Int) -> ReplyView? {
        guard index < count, let element = pointer.pointee.element[index] else { return nil }
        return ReplyView(UnsafePointer(element))
    }

    /// The server's refusal, if that is what this is.
    var refusal: RedisError? {
        guard kind == .error else { return nil }
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return .server(code: String(words[0]), message: words.count > 1 ? String(words[1]) : "")
    }

    /// The reply as a value that outlives it.
    var value: RedisValue {
        switch kind {
        case .null: .null
        case .integer: .integer(integer)
        case .status: .status(text)
        case .bytes: .bytes([UInt8](characters))
        case .array: .array((0..<count).map { self[$0]?.value ?? .null })
        case .error: .error(refusal ?? .unexpectedReply("an error without words"))
        }
    }

    /// What the reply is, for an error message.
    var shape: String {
        switch kind {
        case .null: "nil"
        case .integer: "the integer \(integer)"
        case .status: "the status \(text)"
        case .bytes: "a string of \(characters.count) bytes"
        case .array: "an array of \(count)"
        case .error: "the error \(text)"
        }
    }
}
