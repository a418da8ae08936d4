import NIOCore
import NIOTLS

/// The client's end of one connection of lines, on its event loop: decoding into the inbox, sending, closing.
final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case connecting
        case open
        case ended
    }

    private let wallClock: @Sendable () -> Int64
    private let isSecure: Bool
    private let inbox: Inbox
    private let opened: EventLoopPromise<Void>
    private var phase = Phase.connecting
    private var decoder: LineDecoder
    private var batch = MessageBatch()
    private var context: ChannelHandlerContext?
    /// The consumer is behind: the socket is not read.
    private var isPaused = false
    /// Why the connection ends, once that is known.
    private var end: CloseReason?

    init(_ configuration: WebSocketClientConfiguration, isSecure: Bool, inbox: Inbox, opened: EventLoopPromise<Void>) {
        wallClock = configuration.wallClock
        decoder = LineDecoder(maximumBytes: configuration.maximumMessageBytes)
        self.isSecure = isSecure
        self.inbox = inbox
        self.opened = opened
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if !isSecure { isOpen() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { isOpen() }
        context.fireUserInboundEventTriggered(event)
    }

    private func isOpen() {
        guard case .connecting = phase else { return }
        phase = .open
        opened.succeed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = phase, end == nil else { return }
        let (byteOffset, messageIndex, discarded) = (batch.bytes.count, batch.messageCount, batch.discarded.count)
        do {
            try unwrapInboundIn(data).withUnsafeReadableBytes { try decoder.decode($0, into: &batch) }
        } catch {
            end = CloseReason(code: .invalidPayload, text: "\(error)")
            context.close(promise: nil)
        }
        guard batch.messageCount > messageIndex || batch.discarded.count > discarded else { return }
        batch.cycles.append(ReadCycle(byteOffset: byteOffset, messageIndex: messageIndex, receivedAt: wallClock()))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !batch.isEmpty, !inbox.offer(&batch) else { return }
        isPaused = true
        setAutoRead(false)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .connecting = phase {
            opened.fail(WebSocketError.connectFailed("the other end hung up before anything was said"))
        }
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .connecting = phase { opened.fail(ClientTLS.failure(error)) }
        end = end ?? CloseReason(code: .abnormal, text: ClientTLS.breakage(error), isFromPeer: true)
        context.close(promise: nil)
    }

    /// Tells the consumer that nothing more will come.
    private func finish() {
        guard case .open = phase else { return }
        phase = .ended
        if !batch.isEmpty { _ = inbox.offer(&batch) }
        inbox.finish(end ?? CloseReason(code: .abnormal, text: "the other end hung up", isFromPeer: true))
    }

    // MARK: - The consumer's wishes

    /// The consumer has taken everything.
    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        setAutoRead(true)
    }

    private func setAutoRead(_ isOn: Bool) {
        // Fails only on a closed channel, which reads nothing anyway.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    /// Sends a line; the promise is completed when the kernel has taken it.
    func send(_ line: String, promise: EventLoopPromise<Void>) {
        guard case .open = phase, end == nil, let context else {
            return promise.fail(WebSocketError.closed(inbox.closeReason))
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: line + "\r\n")), promise: promise)
    }

    /// Ends the connection; nothing that arrives from now on is taken.
    func close(_ reason: CloseReason) {
        end = end ?? reason
        context?.close(promise: nil)
    }
}
