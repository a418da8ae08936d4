import FeedModel

/// What the control entries of a feed, told from the newest on, say of its session: its state, and why it is in it.
struct StateStory: Sendable, Equatable {
    static let neverStarted = "never started"
    static let unreadable = "unreadable"

    private(set) var state: String?
    private(set) var why: String?
    private(set) var isComplete = false

    /// A keepalive names the state only; the reason stands with the change that led to it.
    mutating func tell(_ event: ControlEvent?) {
        guard !isComplete else { return }
        switch event {
        case .stateChanged(let changed, let reason):
            if state == nil || state == changed.name { why = reason }
            state = state ?? changed.name
            isComplete = true
        case .keepalive(let kept): state = state ?? kept.name
        default: break
        }
    }

    /// Nothing more can be told. What was known before still holds; entries without a word about the state are prices.
    mutating func end(_ before: (state: String, why: String?)?, hasEntries: Bool) {
        isComplete = true
        let isKnown = before.map { ![Self.neverStarted, Self.unreadable].contains($0.state) } ?? false
        if state == nil, let before, isKnown { state = before.state }
        if why == nil, let before, before.state == state { why = before.why }
        if state == nil, hasEntries { state = SessionState.live.name }
    }
}
