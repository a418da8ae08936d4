import NIOCore

/// Turns a rate into counts: on each tick, how many are due since the last one. Bound to an event loop.
final class Pacer {
    private let rate: Double
    private let interval: TimeAmount
    private let started = NIODeadline.now()
    private var given: Int64 = 0
    private var next: Scheduled<Void>?
    private var isStopped = false

    init(rate: Double, interval: TimeAmount) {
        self.rate = rate
        self.interval = interval
    }

    /// Calls `body` with every count above 0, until `stop()`.
    func start(on loop: any EventLoop, _ body: @escaping (Int) -> Void) {
        next = loop.assumeIsolated().scheduleTask(in: interval) { [weak self] in
            guard let self, !isStopped else { return }
            let count = due()
            if count > 0 { body(count) }
            if !isStopped { start(on: loop, body) }
        }
    }

    func stop() {
        isStopped = true
        next?.cancel()
    }

    /// How many are due now. What a stalled process missed beyond a second is forgotten, not sent in one burst.
    private func due() -> Int {
        let elapsed = Double((NIODeadline.now() - started).nanoseconds) / 1e9
        let target = Int64(elapsed * rate)
        let most = Int64(max(rate, 1))
        if target - given > most { given = target - most }
        defer { given = target }
        return Int(target - given)
    }
}
