/// When a wait has taken too long.
struct Deadline {
    private let end: ContinuousClock.Instant?

    /// Nil: never.
    init(_ timeout: Duration?) { end = timeout.map { .now + $0 } }

    var isOver: Bool { end.map { .now >= $0 } ?? false }

    /// What `poll` takes: −1 for ever, else rounded up, so that the wait never ends a fraction too early.
    var pollMilliseconds: Int32 {
        guard let end else { return -1 }
        return Int32(clamping: max(0, (end - .now).wholeMilliseconds + 1))
    }
}
