import RedisStreams
import WebSocketTransport

/// How one session with a provider ended.
struct SessionEnd: Sendable, Equatable {
    let cause: ReconnectCause
    /// For people.
    let why: String
    /// What the provider's close frame said; nil without one.
    var closeCode: CloseCode?
    /// HTTP status with which the upgrade was refused; nil if it was not.
    var status: Int?
    /// How long the provider asked us to wait.
    var retryAfter: Duration?

    init(
        _ cause: ReconnectCause, why: String, closeCode: CloseCode? = nil, status: Int? = nil,
        retryAfter: Duration? = nil
    ) {
        self.cause = cause
        self.why = why
        self.closeCode = closeCode
        self.status = status
        self.retryAfter = retryAfter
    }

    /// Who we are was not accepted: another try with the same credentials is useless. Some providers say so in words, with no
    /// status of HTTP that tells.
    var isRefusedIdentity: Bool {
        status == 401 || status == 403 || closeCode == 4401 || (cause == .refused && status == nil)
    }

    /// The provider goes away for a moment and expects its clients back.
    var isRestart: Bool { closeCode == .goingAway || closeCode == .serviceRestart }
}

/// When to connect again after a session has ended: never "not any more". A value without a clock.
///
/// - Exponential back-off with full jitter; only a minute of stable life resets it.
/// - A provider that restarts (1001, 1012) is called again at once, with jitter, if the session was a real one.
/// - `Retry-After` is a lower bound.
/// - Refused credentials (401, 403, 4401) are tried again once, because a token may just have expired and every connect
///   reads it afresh, and then in a lane of a minute.
struct ReconnectPolicy: Sendable {
    private var backoff: ReconnectBackoff
    private var refusals = 0

    /// A life of this long shows that the connection is good.
    static let stableLife = Duration.seconds(60)
    /// A session shorter than this was none: a provider that hangs up at once gets the back-off, whatever its close code.
    static let shortestSession = Duration.seconds(5)
    /// How far apart clients come back to a provider that restarts.
    static let restartJitter = Duration.seconds(1)
    /// Between attempts with credentials that were refused.
    static let slowLane = Duration.seconds(60)
    /// The longest that a provider's `Retry-After` is followed.
    static let longestRetryAfter = Duration.seconds(600)

    init(backoff: ReconnectBackoff) { self.backoff = backoff }

    /// Whether the credentials are refused again and again: somebody has to look at them.
    var isInSlowLane: Bool { refusals > 1 }

    /// How long to wait after `end` of a session that lived so long.
    mutating func delay(
        after end: SessionEnd, lived: Duration, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        if lived >= Self.stableLife { backoff.reset() }
        if end.cause == .requested { return .zero }
        if end.isRefusedIdentity { return delayAfterRefusal(using: &generator) }
        if end.cause != .connectFailed { refusals = 0 }
        if end.isRestart, lived >= Self.shortestSession {
            return Self.restartJitter * Double.random(in: 0...1, using: &generator)
        }
        let wait = backoff.next(using: &generator)
        guard let asked = end.retryAfter else { return wait }
        // Somewhat later than asked for, so that not everybody comes at that very moment.
        let bound = min(asked, Self.longestRetryAfter)
        return max(wait, bound + bound * Double.random(in: 0...0.1, using: &generator))
    }

    private mutating func delayAfterRefusal(using generator: inout some RandomNumberGenerator) -> Duration {
        refusals += 1
        guard isInSlowLane else { return Self.restartJitter * Double.random(in: 0...1, using: &generator) }
        return Self.slowLane * Double.random(in: 0.9...1.1, using: &generator)
    }
}
