import NIOCore

/// When to ping and when to give up on the other end; a state machine that is asked at its deadline.
struct PingSchedule: Sendable {
    enum Action: Sendable, Hashable {
        case nothing
        case sendPing
        case giveUp
    }

    private let interval: TimeAmount
    private let timeout: TimeAmount
    private var awaitsPong = false
    /// When `tick` has something to do.
    private(set) var deadline: NIODeadline

    init(interval: Duration, timeout: Duration, from start: NIODeadline) {
        self.interval = TimeAmount(interval)
        self.timeout = TimeAmount(timeout)
        deadline = start + self.interval
    }

    /// `isDeaf` while this end does not read: then a missing pong proves nothing, and is waited for once more.
    mutating func tick(_ now: NIODeadline, isDeaf: Bool = false) -> Action {
        guard now >= deadline else { return .nothing }
        if awaitsPong, !isDeaf { return .giveUp }
        deadline = now + timeout
        guard !awaitsPong else { return .nothing }
        awaitsPong = true
        return .sendPing
    }

    mutating func pongReceived(_ now: NIODeadline) {
        guard awaitsPong else { return }
        awaitsPong = false
        deadline = now + interval
    }
}
