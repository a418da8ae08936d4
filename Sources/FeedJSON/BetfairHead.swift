/// What the session of the exchange stream needs to know of a frame. The texts are views into the frame.
package struct BetfairHead {
    package enum Operation: Int, Sendable, CaseIterable {
        case connection, status, marketChange, orderChange, cricketChange, raceChange, heartbeat
        /// Another `op`, or none.
        case unknown
        /// Not an object.
        case unreadable
    }

    package enum Change: Int, Sendable, CaseIterable {
        case image, resumed, heartbeat
        /// An update, or a message without `ct`.
        case none
    }

    package enum Segment: Int, Sendable, CaseIterable {
        case start, middle, end
        /// The whole change is in this message.
        case none
    }

    package var operation = Operation.unreadable
    package var change = Change.none
    package var segment = Segment.none
    /// The request that is answered.
    package var id: Int64?
    /// The resume tokens, nil when absent or null. Their escapes, if any, are left as they are.
    package var token: UnsafeRawBufferPointer?
    package var initialToken: UnsafeRawBufferPointer?
    /// Milliseconds since 1970.
    package var publishTime: Int64?
    /// 503 while the exchange's own data is late.
    package var status: Int64?
    /// Of a `status` message: `SUCCESS` or `FAILURE`, and what went wrong.
    package var isSuccess = false
    package var isConnectionClosed = false
    package var errorCode: UnsafeRawBufferPointer?
}

/// The exchange's part of a scanner.
final class BetfairPeek {
    private let peek = JSONPeek([
        "op", "ct", "segmentType", "id", "clk", "initialClk", "pt", "status", "statusCode", "connectionClosed",
        "errorCode",
    ])
    private let operations = JSONKeyTable(["connection", "status", "mcm", "ocm", "ccm", "rcm", "heartbeat"])
    private let changes = JSONKeyTable(["SUB_IMAGE", "RESUB_DELTA", "HEARTBEAT"])
    private let segments = JSONKeyTable(["SEG_START", "SEG", "SEG_END"])

    func head(of frame: UnsafeRawBufferPointer) -> BetfairHead {
        var head = BetfairHead()
        peek.open(frame)
        guard peek.look() else { return head }
        head.operation = peek.string(0).flatMap { .init(rawValue: operations.index(of: $0)) } ?? .unknown
        head.change = peek.string(1).flatMap { .init(rawValue: changes.index(of: $0)) } ?? .none
        head.segment = peek.string(2).flatMap { .init(rawValue: segments.index(of: $0)) } ?? .none
        head.id = peek.integer(3)
        head.token = peek.string(4)
        head.initialToken = peek.string(5)
        head.publishTime = peek.integer(6)
        head.status = peek.integer(7)
        head.isSuccess = peek.string(8)?.elementsEqual("SUCCESS".utf8) ?? false
        head.isConnectionClosed = peek.flag(9) ?? false
        head.errorCode = peek.string(10)
        return head
    }
}

extension JSONScanner {
    /// Operation and tokens of an exchange stream's frame, without a look at its prices.
    /// `slack` bytes behind `frame` have to be readable.
    package func betfairHead(_ frame: UnsafeRawBufferPointer) -> BetfairHead { betfairPeek.head(of: frame) }
}
