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

    // What every delivery looks at stands first, in one line of the cache with what counts references.

    /// Whether whole frames may still be added.
    private(set) var isOpen = false
    /// What the channel last said of itself: to be asked a thousand times a turn it is too slow.
    private var isChannelWritable = false
    /// The channel was given what the socket did not take: until that is out, everything goes through the channel.
    private var mayChannelHold = true
    /// Whether the loop calls `endTurn`.
    private var isInTurn = false
    private var queuedBytes = 0
    let limits: Limits
    /// Nil where something stands between us and the socket.
    private var socket: DirectSocket?

    package let eventLoop: any EventLoop
    let loop: ServerLoop
    private(set) var context: ChannelHandlerContext?
    /// What the context would look up each time.
    private var channel: (any Channel)?
    /// The channel has not been told to write what it was given last.
    private var isChannelUnflushed = false
    /// What the channel has not been given: shared frames, urgent ones first.
    private var queue: [ByteBuffer] = []
    private var urgentCount = 0
    private var isHandingOver = false
    /// What the delegate was told last.
    private var toldWritable = true
    /// It may have seen otherwise since, and then waits to be told when that is over.
    private var hasBeenUnwritable = false
    private var endsWhenWritten = false

    init(loop: ServerLoop, limits: Limits) {
        eventLoop = loop.eventLoop
        self.loop = loop
        self.limits = limits
    }

    /// `address:port` of the other end; empty when it is gone.
    package var remoteAddress: String { context?.channel.remoteAddress?.addressText ?? "" }

    /// Whether less than the high watermark is unwritten. False from when it is passed until the low one is reached.
    package var isWritable: Bool {
        isOpen && queuedBytes < limits.highWatermarkBytes && isChannelWritable
    }

    /// Bytes that the kernel has not taken yet. Costs a little; ask when not writable.
    package var unwrittenBytes: Int { queuedBytes + bytesInChannel }

    private var bytesInChannel: Int { (try? channel?.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    /// Queues whole frames that were encoded before; shared by reference. Ignored when not open.
    ///
    /// Urgent frames overtake those that the socket has not been given yet, and keep their order among each other.
    package func write(preframed frame: ByteBuffer, isUrgent: Bool = false) {
        guard isOpen else { return }
        enqueue(frame, isUrgent: isUrgent)
    }

    /// Gives whole frames to the socket now, if nothing waits before them; queues them otherwise. Shared by reference.
    ///
    /// Cheaper than `write` for who is written to once in a turn: what a connection consists of is touched only once. Not to
    /// be called while something is received, which may be the last words of a channel that has closed.
    package func writeAtOnce(preframed frame: ByteBuffer) {
        guard isOpen else { return }
        // The channel is not asked whether it is active, which takes as long as all the rest: a channel that closes says so
        // before another task runs on its loop, and then there is no socket.
        guard queuedBytes == 0, !isInTurn, !mayChannelHold, isChannelWritable, let socket else { return enqueue(frame) }
        assert(channel?.isActive == true, "written to while the channel closes")
        let taken = frame.withUnsafeReadableBytes { socket.write($0) }
        guard taken < frame.readableBytes else { return }
        guard taken > 0 else { return enqueue(frame) }
        // Nothing may come between the halves of a frame, not even what is urgent.
        giveChannel(frame.getSlice(at: frame.readerIndex + taken, length: frame.readableBytes - taken))
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
        channel = context.channel
        isChannelWritable = context.channel.isWritable
        if loop.ownsSockets { socket = DirectSocket(of: context) }
        isOpen = true
    }

    func detach() {
        isOpen = false
        (context, channel, socket, isChannelWritable) = (nil, nil, nil, false)
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
        isChannelWritable = channel?.isWritable == true
        guard !isHandingOver else { return }
        handOver()
        reportWritability()
    }

    func endTurn() {
        isInTurn = false
        handOver()
        reportWritability()
    }

    /// Without a flush, in which the channel may find itself closed: nobody expects that of a write.
    private func giveChannel(_ rest: ByteBuffer?) {
        guard let context, let rest else { return }
        isHandingOver = true
        context.write(NIOAny(rest), promise: nil)
        isHandingOver = false
        mayChannelHold = true
        isChannelUnflushed = true
        joinTurn()
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
        if isChannelUnflushed {
            isChannelUnflushed = false
            context.flush()
        }
        var next = 0
        while next < queue.count, isChannelWritable {
            var piece: ByteBuffer
            (piece, next) = gather(from: next)
            if !writeDirectly(&piece) { context.writeAndFlush(NIOAny(piece), promise: nil) }
        }
        dropFirst(next)
        if !isWritable { hasBeenUnwritable = true }
        if hasNews { joinTurn() }
        guard endsWhenWritten, queue.isEmpty else { return }
        endsWhenWritten = false
        context.close(mode: .output, promise: nil)
    }

    /// One large frame, or a run of small ones in one piece, and the index behind them.
    private func gather(from start: Int) -> (piece: ByteBuffer, next: Int) {
        var end = start
        var total = 0
        while end < queue.count {
            let length = queue[end].readableBytes
            guard length <= Self.gatherableBytes, total + length <= Self.gatheredBytes else { break }
            total += length
            end += 1
        }
        guard end - start > 1 else { return (queue[start], start + 1) }
        loop.gathered.clear(minimumCapacity: total)
        for index in start..<end { loop.gathered.writeImmutableBuffer(queue[index]) }
        return (loop.gathered, end)
    }

    /// False if the channel has to see to what is left of `piece`: it knows how to wait, and what an error means.
    private func writeDirectly(_ piece: inout ByteBuffer) -> Bool {
        // A channel that is closed has given its descriptor back, perhaps to another connection.
        guard let socket, channel?.isActive == true else { return false }
        if mayChannelHold { mayChannelHold = bytesInChannel > 0 }
        guard !mayChannelHold else { return false }
        let taken = piece.withUnsafeReadableBytes { socket.write($0) }
        piece.moveReaderIndex(forwardBy: taken)
        mayChannelHold = piece.readableBytes > 0
        return !mayChannelHold
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
