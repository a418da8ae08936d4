import NIOCore

/// Hands batches to the event loops: at most one is under way while the next is read, so that loops that fall behind make
/// batches larger, not queues longer.
///
/// Where the loops take longer than the reader, the next batch is not even read before they are done. A write costs nearly
/// the same however many frames it carries, so that batches twice as large halve the CPU of a delivery.
struct Delivery {
    private let hosts: [HubHost]
    private let now: @Sendable () -> ContinuousClock.Instant
    private(set) var underWay: [EventLoopFuture<Void>] = []
    private var areLoopsBehind = false

    /// Shorter waits are what handing over costs anyway.
    static let noticeableWait = Duration.microseconds(500)

    init(hosts: [HubHost], now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.hosts = hosts
        self.now = now
    }

    /// To be called before the next batch is read.
    mutating func catchUp() async throws {
        if areLoopsBehind { areLoopsBehind = try await waitsNoticeably() }
    }

    mutating func deliver(_ batch: FanOutBatch) async throws {
        if try await waitsNoticeably() { areLoopsBehind = true }
        underWay = hosts.map { $0.deliver(batch) }
    }

    /// Waits until the loops are done with everything.
    mutating func finish() async throws {
        for future in underWay { try await future.get() }
        underWay.removeAll(keepingCapacity: true)
    }

    private mutating func waitsNoticeably() async throws -> Bool {
        let began = now()
        try await finish()
        return now() - began >= Self.noticeableWait
    }
}
