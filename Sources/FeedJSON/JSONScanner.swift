import CSimdjson

/// A document that could not be read.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        case malformed, tooDeep, tooLong, outOfMemory
    }

    package let kind: Kind
    /// Where it stopped making sense, counted in bytes, if that is known.
    package let offset: Int?
    /// What was wrong there.
    package let problem: String

    package var description: String { offset.map { "\(problem) at byte \($0)" } ?? problem }
}

/// Reads JSON (RFC 8259) into tokens. Keeps its memory between scans, so a frame costs no allocation.
///
/// For one thread at a time: whoever decodes has a scanner of its own.
package final class JSONScanner {
    /// Bytes that have to be readable behind everything that is scanned, whatever they hold.
    package static let slack = Int(FJ_SLACK)
    /// Objects and arrays may be nested this deep.
    package static let maximumDepth = Int(FJ_MAXIMUM_DEPTH)

    /// Nil only when memory ran out; every scan then says so.
    private let parser: OpaquePointer?
    let sessionPeek = SessionPeek()
    let betfairPeek = BetfairPeek()
    let polymarketPeek = PolymarketPeek()
    let kalshiPeek = KalshiPeek()

    package init() { parser = fj_create() }

    deinit { parser.map(fj_destroy) }

    /// Reads a whole document. The value and all it leads to are valid until the next scan, and as long as `bytes` are.
    /// `slack` bytes behind `bytes` have to be readable.
    package func scan(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        guard let parser else { throw JSONError(kind: .outOfMemory, offset: nil, problem: "out of memory") }
        guard let start = bytes.baseAddress else { throw JSONError(kind: .malformed, offset: 0, problem: "empty") }
        var document = fj_document()
        guard fj_scan(parser, start.assumingMemoryBound(to: UInt8.self), bytes.count, &document) == FJ_OK,
            let tokens = document.tokens
        else { throw Self.error(document) }
        // `JSONToken` has the layout of `fj_token`.
        return JSONValue(token: UnsafeRawPointer(tokens).assumingMemoryBound(to: JSONToken.self))
    }

    private static func error(_ document: fj_document) -> JSONError {
        let kind: JSONError.Kind =
            switch Int(document.status) {
            case FJ_TOO_DEEP: .tooDeep
            case FJ_TOO_LONG: .tooLong
            case FJ_NO_MEMORY: .outOfMemory
            default: .malformed
            }
        return JSONError(
            kind: kind, offset: document.offset < 0 ? nil : Int(document.offset),
            problem: document.what.map { String(cString: $0) } ?? "unreadable")
    }
}
