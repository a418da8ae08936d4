import FeedJSON

/// Where one of the exchange's streams stands, markets or orders.
struct BetfairStream {
    /// What the provider needs to go on behind the last whole change.
    struct Tokens: Equatable {
        var initial: String
        var current: String

        /// As it stands in a resume token.
        var text: String { "\(initial)#\(current)" }
    }

    /// Nil before the first image is known completely.
    var tokens: Tokens?
    /// The provider's own data is late, as of the last message.
    private(set) var isDelayed = false
    /// Of a change in segments: they count when its last one is there.
    private var pendingInitial: String?
    private var pendingCurrent: String?

    /// Fields of a subscription, with a comma before them; empty when there is nothing to resume from.
    var resumeFields: String {
        guard let tokens else { return "" }
        return ",\"initialClk\":\(tokens.initial.jsonQuoted),\"clk\":\(tokens.current.jsonQuoted)"
    }

    /// Notes the tokens of a change, and whether it is late.
    mutating func received(_ head: BetfairHead) {
        if let text = head.initialToken { pendingInitial = String(decoding: text, as: UTF8.self) }
        if let text = head.token { pendingCurrent = String(decoding: text, as: UTF8.self) }
        if head.isWhole { takePending() }
        isDelayed = head.status == 503
    }

    private mutating func takePending() {
        defer { (pendingInitial, pendingCurrent) = (nil, nil) }
        guard let initial = pendingInitial ?? tokens?.initial, let current = pendingCurrent ?? tokens?.current else {
            return
        }
        tokens = Tokens(initial: initial, current: current)
    }
}

extension BetfairHead {
    /// The change ends with this message: it is not the beginning or middle of one in segments.
    var isWhole: Bool { segment == .none || segment == .end }
}
