package import NIOCore

/// One connection of a WebSocket server. Bound to `eventLoop`.
package final class WebSocketPeer: StreamPeer {
    private let configuration: WebSocketServerConfiguration
    private let deflate: DeflateParameters?
    private let deflater: MessageDeflater?
    private var delegate: (any WebSocketServerDelegate)?
    private var session: WebSocketSession
    private var pings: PingSchedule
    /// Why this end gave up without a close handshake.
    private var verdict: CloseReason?
    /// When the socket is closed whatever the other end does.
    private var closeDeadline: NIODeadline?
    private var isListening = true
    var slot = 0

    /// What was agreed on at the upgrade.
    package let subprotocol: String?
    /// Whether frames of `CompressedFrames` may be written: permessage-deflate was negotiated without context takeover.
    package var acceptsCompressedFrames: Bool {
        deflate.map { $0.serverNoContextTakeover && $0.serverMaximumWindowBits == 15 } ?? false
    }

    init(
        _ configuration: WebSocketServerConfiguration, upgrade: ServerUpgrade.Accepted, loop: ServerLoop,
        delegate: any WebSocketServerDelegate
    ) {
        let codecs = upgrade.deflate?.serverCodecs
        let rules = FrameDecoder.Rules(expectsMask: true, maximumMessageBytes: configuration.maximumMessageBytes)
        self.configuration = configuration
        self.delegate = delegate
        subprotocol = upgrade.subprotocol
        deflate = upgrade.deflate
        deflater = codecs?.deflater
        session = WebSocketSession(decoder: FrameDecoder(rules: rules, inflater: codecs?.inflater))
        pings = PingSchedule(interval: configuration.pingInterval, timeout: configuration.pongTimeout, from: .now())
        super.init(
            loop: loop,
            limits: Limits(
                highWatermarkBytes: configuration.highWatermarkBytes,
                maximumUnwrittenBytes: configuration.maximumUnwrittenBytes))
    }

    /// Encodes for this connection alone; compressed when that was negotiated.
    package func write(text: String) {
        var text = text
        text.withUTF8 { write(.text, UnsafeRawBufferPointer($0)) }
    }

    /// Encodes for this connection alone; compressed when that was negotiated. `text` must be valid UTF-8.
    package func write(text: ByteBuffer) { text.withUnsafeReadableBytes { write(.text, $0) } }

    /// Encodes for this connection alone; compressed when that was negotiated.
    package func write(binary: ByteBuffer) { binary.withUnsafeReadableBytes { write(.binary, $0) } }

    /// Starts the close handshake behind what is queued; what is written afterwards is dropped.
    ///
    /// A slow peer's queue is better discarded, so that the close frame has a chance to arrive.
    package func close(code: CloseCode, reason: String = "", discardingQueue: Bool = false) {
        guard let action = session.closeRequested(code, reason) else { return }
        if discardingQueue { discardQueue() }
        perform(action)
    }

    /// Drops the connection without a close frame.
    package func abort() { context?.close(promise: nil) }

    /// Drops the connection without a close frame; `withReset` also without a FIN: what is unsent is thrown away, and the
    /// other end's next read fails.
    package func abort(withReset: Bool) {
        guard withReset, let context else { return abort() }
        Reset.close(context)
    }

    /// Stops reading: pings and closes go unanswered, and the other end's bytes pile up, as if this end had vanished
    /// without a word. What is written still leaves.
    package func stopListening() {
        isListening = false
        setAutoRead(false)
    }

    /// Reads again, and answers what came meanwhile.
    package func listenAgain() {
        guard !isListening else { return }
        isListening = true
        // Pongs that were not heard are nobody's fault.
        pings = PingSchedule(interval: configuration.pingInterval, timeout: configuration.pongTimeout, from: .now())
        setAutoRead(true)
    }

    private func setAutoRead(_ isOn: Bool) {
        // Fails only on a closed channel, which reads nothing anyway.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    private func write(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        guard isOpen else { return }
        if let compressed = deflater?.deflate(payload) {
            enqueue(FrameEncoder.frame(opcode, compressed, isCompressed: true))
        } else {
            var buffer = ByteBufferAllocator().buffer(capacity: payload.count + FrameHeader.maximumSize)
            FrameEncoder.append(opcode, payload, to: &buffer)
            enqueue(buffer)
        }
    }

    private func perform(_ action: WebSocketSession.Action) {
        switch action {
        case .sendPong(let payload):
            // Who does not read gets no pongs: a flood of pings must not fill the queue.
            if isWritable, isListening { enqueue(FrameEncoder.frame(.pong, payload), isUrgent: true) }
        case .notePong: pings.pongReceived(.now())
        case .sendClose(let payload):
            stopAccepting()
            enqueue(FrameEncoder.frame(.close, payload))
            closeDeadline = .now() + TimeAmount(configuration.closeTimeout)
        case .sendCloseAndFinish(let payload):
            enqueue(FrameEncoder.frame(.close, payload))
            finish()
        case .finish: finish()
        }
    }

    /// Half a close first: closing at once with unread input would reset the connection and lose our close frame.
    private func finish() {
        endWhenWritten()
        closeDeadline = .now() + .seconds(1)
    }

    private func give(_ batch: MessageBatch) {
        guard !batch.isEmpty else { return }
        let all = ByteBuffer(bytes: batch.bytes)
        var offset = 0
        batch.forEachMessage { message, isBinary in
            let start = offset + 4
            offset = start + message.count
            // A delegate may have closed on an earlier message of this batch.
            guard isOpen, let delegate, let slice = all.getSlice(at: start, length: message.count) else { return }
            if isBinary {
                delegate.received(binary: slice, from: self)
            } else {
                delegate.received(text: slice, from: self)
            }
        }
    }

    // MARK: - What the stream tells

    override func writabilityChanged() { delegate?.writabilityChanged(self) }

    override func overflowed() {
        verdict = CloseReason(code: configuration.tooSlowCode, text: "too slow")
        close(code: configuration.tooSlowCode, reason: "too slow", discardingQueue: true)
    }
}

// MARK: - On the channel

extension WebSocketPeer: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package func handlerAdded(context: ChannelHandlerContext) {
        attach(context)
        loop.add(self)
        delegate?.opened(self)
        if loop.isDraining { close(code: .goingAway) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { end() }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        var batch = MessageBatch()
        var offset = 0
        // The actions come between the messages they stand between.
        while let action = buffer.withUnsafeReadableBytes({ session.received($0, from: &offset, into: &batch) }) {
            give(batch)
            batch.removeAll()
            perform(action)
        }
        give(batch)
    }

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
        let reason = session.transportClosed()
        delegate.closed(self, reason: verdict ?? reason)
    }
}

extension WebSocketPeer: ServerConnection {
    func sweep(_ now: NIODeadline) {
        if let closeDeadline {
            if now >= closeDeadline { abort() }
            return
        }
        // Who does not listen hears no pong and does not ask for one.
        guard isListening else { return }
        switch pings.tick(now) {
        case .nothing: break
        case .sendPing: enqueue(FrameEncoder.frame(.ping), isUrgent: true)
        case .giveUp:
            verdict = CloseReason(code: configuration.noPongCode, text: "no pong")
            close(code: configuration.noPongCode, reason: "no pong", discardingQueue: true)
        }
    }

    func drain(_ code: CloseCode, _ text: String) { close(code: code, reason: text) }
}
