package import NIOCore

/// The sending side of one connection that carries preframed bytes, be it a WebSocket or an event stream.
///
/// Bound to `eventLoop`: every member is used there only. Written buffers are shared, never changed. What is written
/// during one turn of the loop leaves together at the end of the turn.
package class StreamPeer {
    /// What a peer may hold before it counts as not writable, and at most.
    struct Limits: Sendable {
        var highWatermarkBytes: Int
        var maximumUnwrittenBytes: Int
    }

    /// Frames up to this size are copied together into one write: cheaper than a vector of many short ones.
    private static let gatherableBytes = 8 * 1024
    private static let gatheredBytes = 64 * 1024
    /// A queue that has once been long gives its memory back.
    private static let keptQueueCapacity = 64

    package let eventLoop: any EventLoop
    let loop: ServerLoop
    let limits: Limits
    private(set) var context: ChannelHandlerContext?
    /// What the channel has not been given: shared frames, urgent ones first.
    private var queue: [ByteBuffer] = []
    private var urgentCount = 0
    private var queuedBytes = 0
    /// Whether the loop calls `endTurn`.
    private var isInTurn = false
    private var isHandingOver = false
    /// What the delegate was told last.
    private var toldWritable = true
    /// It may have seen otherwise since, and then waits to be told when that is over.
    private var hasBeenUnwritable = false
    private var endsWhenWritten = false
    /// Whether whole frames may still be added.
    private(set) var isOpen = false

    init(loop: ServerLoop, limits: Limits) {
        eventLoop = loop.eventLoop
        self.loop = loop
        self.limits = limits
    }

    /// `address:port` of the other end; empty when it is gone.
    package var remoteAddress: String { context?.channel.remoteAddress?.addressText ?? "" }

    /// Whether less than the high watermark is unwritten. False from when it is passed until the low one is reached.
    package var isWritable: Bool {
        isOpen && queuedBytes < limits.highWatermarkBytes && context?.channel.isWritable == true
    }

    /// Bytes that the kernel has not taken yet. Costs a little; ask when not writable.
    package var unwrittenBytes: Int {
        let inChannel = try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)
        return queuedBytes + (inChannel ?? 0)
    }

    /// Queues whole frames that were encoded before; shared by reference. Ignored when not open.
    ///
    /// Urgent frames overtake those that the socket has not been given yet, and keep their order among each other.
    package func write(preframed frame: ByteBuffer, isUrgent: Bool = false) {
        guard isOpen else { return }
        enqueue(frame, isUrgent: isUrgent)
    }

    /// Sends what is queued now instead of at the end of the turn.
    package func flush() { handOver() }

    // MARK: - For the two kinds of peer

    /// Tells the delegate; never called from inside `write` or `flush`.
    func writabilityChanged() {}

    /// More than `maximumUnwrittenBytes` is waiting: the connection must end.
    func overflowed() {}

    /// Bytes leave even though the peer is no longer open: closing frames.
    func enqueue(_ frame: ByteBuffer, isUrgent: Bool = false) {
        if isUrgent {
            queue.insert(frame, at: urgentCount)
            urgentCount += 1
        } else {
            queue.append(frame)
        }
        queuedBytes += frame.readableBytes
        if queuedBytes >= limits.highWatermarkBytes {
            handOver()
            if isOpen, queuedBytes > limits.maximumUnwrittenBytes { overflowed() }
        }
        joinTurn()
    }

    func attach(_ context: ChannelHandlerContext) {
        self.context = context
        isOpen = true
    }

    func detach() {
        isOpen = false
        context = nil
        discardQueue()
    }

    /// Nothing more is accepted.
    func stopAccepting() { isOpen = false }

    func discardQueue() {
        queue = []
        urgentCount = 0
        queuedBytes = 0
    }

    /// Closes the sending half behind what is queued.
    func endWhenWritten() {
        isOpen = false
        endsWhenWritten = true
        joinTurn()
    }

    func channelWritabilityChanged() {
        guard !isHandingOver else { return }
        handOver()
        reportWritability()
    }

    func endTurn() {
        isInTurn = false
        handOver()
        reportWritability()
    }

    private func joinTurn() {
        guard !isInTurn else { return }
        isInTurn = true
        loop.hasWritten(self)
    }

    /// Whether the delegate must be told about writability.
    private var hasNews: Bool {
        let isWritable = isWritable
        return isOpen && (isWritable != toldWritable || isWritable && hasBeenUnwritable)
    }

    private func reportWritability() {
        guard hasNews else { return }
        let isWritable = isWritable
        toldWritable = isWritable
        hasBeenUnwritable = !isWritable
        writabilityChanged()
    }

    /// Gives the channel what it takes. The rest waits here, by reference, until the channel is writable again.
    private func handOver() {
        guard let context, !isHandingOver else { return }
        isHandingOver = true
        defer { isHandingOver = false }
        var next = 0
        while next < queue.count, context.channel.isWritable {
            next = write(from: next, to: context)
            context.flush()
        }
        dropFirst(next)
        if !isWritable { hasBeenUnwritable = true }
        if hasNews { joinTurn() }
        guard endsWhenWritten, queue.isEmpty else { return }
        endsWhenWritten = false
        context.close(mode: .output, promise: nil)
    }

    /// Writes one large frame, or a run of small ones in one piece; returns the index behind them.
    private func write(from start: Int, to context: ChannelHandlerContext) -> Int {
        var end = start
        var total = 0
        while end < queue.count {
            let length = queue[end].readableBytes
            guard length <= Self.gatherableBytes, total + length <= Self.gatheredBytes else { break }
            total += length
            end += 1
        }
        guard end - start > 1 else {
            context.write(NIOAny(queue[start]), promise: nil)
            return start + 1
        }
        loop.gathered.clear(minimumCapacity: total)
        for index in start..<end { loop.gathered.writeImmutableBuffer(queue[index]) }
        context.write(NIOAny(loop.gathered), promise: nil)
        return end
    }

    private func dropFirst(_ count: Int) {
        guard count > 0 else { return }
        if count >= queue.count {
            queue.removeAll(keepingCapacity: queue.capacity <= Self.keptQueueCapacity)
            queuedBytes = 0
        } else {
            queuedBytes -= queue[..<count].reduce(0) { $0 + $1.readableBytes }
            queue.removeFirst(count)
        }
        urgentCount = max(0, urgentCount - count)
    }
}

extension SocketAddress {
    /// `address:port`, with brackets around IPv6.
    var addressText: String {
        guard let ipAddress else { return pathname ?? "" }
        let port = port ?? 0
        return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
