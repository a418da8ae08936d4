/// Hands batches to the event loops: at most one is under way while the next is read, so that loops that fall behind make
/// batches larger, not queues longer.
///
/// Where the loops take longer than the reader, the next batch is not even read before they are done. A write costs nearly
/// the same however many frames it carries, so that batches twice as large halve the CPU of a delivery.
struct Delivery {
    private let hosts: [HubHost]
    private let now: @Sendable () -> ContinuousClock.Instant
    private var last: Handover?
    private var areLoopsBehind = false

    /// Shorter waits are what handing over costs anyway.
    static let noticeableWait = Duration.microseconds(500)

    init(hosts: [HubHost], now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.hosts = hosts
        self.now = now
    }

    /// Whether a loop is not done yet.
    var isUnderWay: Bool { last?.hasEnded == false }

    /// To be called before the next batch is read.
    mutating func catchUp() async {
        if areLoopsBehind { areLoopsBehind = await waitsNoticeably() }
    }

    /// - Parameter onEnd: called on an event loop once all of them have given the batch to their connections.
    mutating func deliver(_ batch: FanOutBatch, onEnd: (@Sendable () -> Void)? = nil) async {
        if await waitsNoticeably() { areLoopsBehind = true }
        let handover = Handover(loops: hosts.count, onEnd: onEnd)
        for host in hosts { host.deliver(batch, handover) }
        last = handover
    }

    /// Waits until the loops are done with everything.
    mutating func finish() async {
        await last?.end()
        last = nil
    }

    private mutating func waitsNoticeably() async -> Bool {
        guard isUnderWay else { return false }
        let began = now()
        await finish()
        return now() - began >= Self.noticeableWait
    }
}
