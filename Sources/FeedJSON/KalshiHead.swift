/// What the session of the Kalshi exchange needs to know of a frame.
package struct KalshiHead: Sendable, Equatable {
    package enum Kind: Sendable {
        case snapshot, delta
        /// Other data, or a type that only the decoder may judge.
        case other
        case subscribed, error
        /// Another answer to a command.
        case answer
        /// Not an object.
        case unreadable
    }

    package var kind = Kind.unreadable
    /// The subscription, and the message's number in it.
    package var subscription: Int64?
    package var sequence: Int64?
    /// The command that is answered.
    package var id: Int64?

    /// What is inside the message, for the rare frame.
    package struct Details: Sendable, Equatable {
        package var channel: String?
        package var subscription: Int64?
        package var market: String?

        package init() {}
    }
}

/// Kalshi's part of a scanner.
final class KalshiPeek {
    private let peek = JSONPeek(["type", "sid", "seq", "id"])
    private let message = JSONPeek(["msg"])
    private let details = JSONPeek(["channel", "sid", "market_ticker"])

    func head(of frame: UnsafeRawBufferPointer) -> KalshiHead {
        var head = KalshiHead()
        peek.open(frame)
        // Answers have an id and no sequence: they are read to their end.
        guard peek.look(stoppingAt: 0b0111) else { return head }
        head.kind = kind
        head.subscription = peek.integer(1)
        head.sequence = peek.integer(2)
        head.id = peek.integer(3)
        return head
    }

    private var kind: KalshiHead.Kind {
        guard let type = peek.string(0) else { return .other }
        if type.elementsEqual("orderbook_delta".utf8) { return .delta }
        if type.elementsEqual("orderbook_snapshot".utf8) { return .snapshot }
        if type.elementsEqual("subscribed".utf8) { return .subscribed }
        if type.elementsEqual("error".utf8) { return .error }
        let isAnswer = type.elementsEqual("ok".utf8) || type.elementsEqual("unsubscribed".utf8)
        return isAnswer ? .answer : .other
    }

    func details(of frame: UnsafeRawBufferPointer) -> KalshiHead.Details {
        var result = KalshiHead.Details()
        message.open(frame)
        guard message.look(stoppingAt: 1), let body = message[0] else { return result }
        details.open(body)
        guard details.look() else { return result }
        result.channel = details.string(0).map { String(decoding: $0, as: UTF8.self) }
        result.subscription = details.integer(1)
        result.market = details.string(2).map { String(decoding: $0, as: UTF8.self) }
        return result
    }
}

extension JSONScanner {
    /// Type, subscription and sequence of a Kalshi frame, without a look at its prices.
    /// `slack` bytes behind `frame` have to be readable.
    package func kalshiHead(_ frame: UnsafeRawBufferPointer) -> KalshiHead { kalshiPeek.head(of: frame) }

    /// What a Kalshi frame's message is about. For the rare frame: it allocates.
    package func kalshiDetails(_ frame: UnsafeRawBufferPointer) -> KalshiHead.Details { kalshiPeek.details(of: frame) }
}
