package import NIOCore

/// One connection that sends an endless response body, such as Server-Sent Events. Bound to `eventLoop`.
package final class EventStreamPeer: StreamPeer {
    private var delegate: (any EventStreamDelegate)?
    private var closeDeadline: NIODeadline?
    var slot = 0

    init(loop: ServerLoop, limits: Limits, delegate: any EventStreamDelegate) {
        self.delegate = delegate
        super.init(loop: loop, limits: limits)
    }

    /// Ends the body behind what is queued and closes the connection.
    package func close() {
        endWhenWritten()
        closeDeadline = .now() + .seconds(5)
    }

    /// Drops the connection.
    package func abort() { context?.close(promise: nil) }

    override func writabilityChanged() { delegate?.writabilityChanged(self) }

    override func overflowed() { abort() }
}

extension EventStreamPeer: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package func handlerAdded(context: ChannelHandlerContext) {
        attach(context)
        loop.add(self)
        delegate?.opened(self)
        if loop.isDraining { close() }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { end() }

    /// Whatever the client still sends is ignored, without looking at it.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        channelWritabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func end() {
        guard let delegate else { return }
        self.delegate = nil
        loop.remove(self)
        detach()
        delegate.closed(self)
    }
}

extension EventStreamPeer: ServerConnection {
    func sweep(_ now: NIODeadline) {
        if let closeDeadline, now >= closeDeadline { abort() }
    }

    func drain(_ code: CloseCode, _ text: String) { close() }
}
