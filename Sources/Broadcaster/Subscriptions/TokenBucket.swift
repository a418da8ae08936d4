/// Allows so many things a second, and a burst after a pause.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var updatedAt: Duration

    init(perSecond: Int, burst: Int, now: Duration) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        tokens = Double(burst)
        updatedAt = now
    }

    mutating func take(at now: Duration) -> Bool {
        let (seconds, attoseconds) = (now - updatedAt).components
        tokens = min(burst, tokens + perSecond * (Double(seconds) + Double(attoseconds) / 1e18))
        updatedAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
