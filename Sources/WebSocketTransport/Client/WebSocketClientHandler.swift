import NIOCore
import NIOPosix

/// The client's end of one connection, on its event loop: upgrade, decoding into the inbox, answers, pings, closing.
final class WebSocketClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case upgrading(ClientUpgrade)
        case open
        case ended
    }

    /// How long the rest of a refusal's body, and the other end's FIN, are waited for.
    private static let lingerTime = TimeAmount.seconds(1)

    private let configuration: WebSocketClientConfiguration
    private let inbox: Inbox
    private let opened: EventLoopPromise<ClientUpgrade.AcceptedUpgrade>
    private let liveness: Liveness
    private var phase: Phase
    private var session: WebSocketSession
    private var deflater: MessageDeflater?
    private var batch = MessageBatch()
    private var generator = SystemRandomNumberGenerator()
    private var pings: PingSchedule
    private var pingTimer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    /// The consumer is behind: the socket is not read.
    private var isPaused = false
    private var wasPausedSincePing = false
    private var isReadingStopped = false
    private var transportError: String?

    init(
        _ configuration: WebSocketClientConfiguration, upgrade: ClientUpgrade, inbox: Inbox, liveness: Liveness,
        opened: EventLoopPromise<ClientUpgrade.AcceptedUpgrade>
    ) {
        self.configuration = configuration
        self.inbox = inbox
        self.liveness = liveness
        self.opened = opened
        phase = .upgrading(upgrade)
        session = Self.session(configuration, inflater: nil)
        pings = PingSchedule(interval: configuration.pingInterval, timeout: configuration.pongTimeout, from: .now())
    }

    private static func session(
        _ configuration: WebSocketClientConfiguration, inflater: MessageInflater?
    ) -> WebSocketSession {
        let rules = FrameDecoder.Rules(
            expectsMask: false, maximumMessageBytes: configuration.maximumMessageBytes,
            oversized: configuration.oversizedMessages)
        return WebSocketSession(decoder: FrameDecoder(rules: rules, inflater: inflater))
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if case .upgrading(let upgrade) = phase {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: upgrade.request)), promise: nil)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        liveness.received(.now())
        switch phase {
        case .open: decode(buffer)
        case .upgrading(var upgrade):
            let outcome = upgrade.responseReceived(buffer.readableBytesView)
            phase = .upgrading(upgrade)
            upgradeAdvanced(outcome)
        case .ended: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        context.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .upgrading(let upgrade) = phase { upgradeAdvanced(upgrade.ended()) }
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .open = phase {
            transportError = transportError ?? ClientTLS.breakage(error)
        } else {
            opened.fail(ClientTLS.failure(error))
        }
        context.close(promise: nil)
    }

    // MARK: - Upgrade

    private func upgradeAdvanced(_ outcome: ClientUpgrade.Outcome) {
        switch outcome {
        case .needsMore: break
        case .refusing:
            schedule(in: Self.lingerTime) { handler in
                if case .upgrading(let upgrade) = handler.phase { handler.upgradeAdvanced(upgrade.ended()) }
            }
        case .failed(let error):
            phase = .ended
            opened.fail(error)
            context?.close(promise: nil)
        case .accepted(let upgrade, let leftover):
            let codecs = upgrade.deflate?.clientCodecs
            session = Self.session(configuration, inflater: codecs?.inflater)
            deflater = codecs?.deflater
            phase = .open
            opened.succeed(upgrade)
            pings = PingSchedule(
                interval: configuration.pingInterval, timeout: configuration.pongTimeout, from: .now())
            armPingTimer()
            if !leftover.isEmpty { decode(ByteBuffer(bytes: leftover)) }
        }
    }

    // MARK: - Receiving

    private func decode(_ buffer: ByteBuffer) {
        guard !isReadingStopped else { return }
        let (byteOffset, messageIndex, discarded) = (batch.bytes.count, batch.messageCount, batch.discarded.count)
        buffer.withUnsafeReadableBytes { bytes in
            var offset = 0
            while let action = session.received(bytes, from: &offset, into: &batch) { perform(action) }
        }
        guard batch.messageCount > messageIndex || batch.discarded.count > discarded else { return }
        batch.cycles.append(
            ReadCycle(byteOffset: byteOffset, messageIndex: messageIndex, receivedAt: configuration.wallClock()))
    }

    /// Hands the consumer what was decoded.
    private func deliver() {
        if !batch.isEmpty, !inbox.offer(&batch) { pause() }
        if session.isEnded { finish() }
    }

    private func pause() {
        isPaused = true
        wasPausedSincePing = true
        setAutoRead(false)
    }

    /// The consumer has taken everything.
    func resumeReading() {
        guard isPaused, !isReadingStopped else { return }
        isPaused = false
        setAutoRead(true)
    }

    /// Nothing is read any more; the consumer gets what was.
    func stopReading() {
        isReadingStopped = true
        isPaused = true
        setAutoRead(false)
        deliver()
        inbox.finish(nil)
    }

    private func setAutoRead(_ isOn: Bool) {
        // Fails only on a closed channel, which reads nothing anyway.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    // MARK: - Sending

    /// Sends a message; the promise is completed when the kernel has taken it.
    func send(_ opcode: Opcode, _ payload: [UInt8], promise: EventLoopPromise<Void>) {
        guard case .open = phase, session.isOpen else {
            promise.fail(WebSocketError.closed(inbox.closeReason))
            return
        }
        let compressed = deflater.flatMap { deflater in payload.withUnsafeBytes { deflater.deflate($0) } }
        write(opcode, compressed ?? payload, isCompressed: compressed != nil, promise: promise)
        context?.flush()
    }

    /// Begins the close handshake; `closeTimeout` later the socket is closed whatever happens.
    func close(_ code: CloseCode, _ text: String) {
        guard case .open = phase else {
            context?.close(promise: nil)
            return
        }
        if let action = session.closeRequested(code, text) { perform(action) }
    }

    private func write(
        _ opcode: Opcode, _ payload: [UInt8], isCompressed: Bool = false, promise: EventLoopPromise<Void>? = nil
    ) {
        guard let context else {
            promise?.fail(WebSocketError.closed(inbox.closeReason))
            return
        }
        let mask = MaskingKey(using: &generator)
        let frame = FrameEncoder.frame(opcode, payload, isCompressed: isCompressed, mask: mask)
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    private func perform(_ action: WebSocketSession.Action) {
        switch action {
        case .sendPong(let payload): write(.pong, payload)
        case .notePong: pings.pongReceived(.now())
        case .sendClose(let payload):
            write(.close, payload)
            context?.flush()
            closeLater(in: TimeAmount(configuration.closeTimeout))
        case .sendCloseAndFinish(let payload):
            write(.close, payload)
            context?.flush()
            // Half a close first: closing at once with unread input would reset the connection and lose our frame.
            context?.close(mode: .output, promise: nil)
            closeLater(in: Self.lingerTime)
        case .finish: closeLater(in: Self.lingerTime)
        }
    }

    // MARK: - Timers and the end

    private func armPingTimer() {
        let now = NIODeadline.now()
        pingTimer = schedule(in: max(.nanoseconds(0), pings.deadline - now)) { handler in
            guard case .open = handler.phase, handler.session.isOpen else { return }
            switch handler.pings.tick(.now(), isDeaf: handler.wasPausedSincePing) {
            case .nothing: handler.wasPausedSincePing = handler.isPaused
            case .sendPing:
                handler.wasPausedSincePing = handler.isPaused
                handler.write(.ping, [])
                handler.context?.flush()
            case .giveUp:
                handler.transportError = "no pong"
                handler.context?.close(promise: nil)
                return
            }
            handler.armPingTimer()
        }
    }

    private func closeLater(in delay: TimeAmount) {
        schedule(in: delay) { $0.context?.close(promise: nil) }
    }

    @discardableResult
    private func schedule(
        in delay: TimeAmount, _ body: @escaping (WebSocketClientHandler) -> Void
    ) -> Scheduled<Void>? {
        context?.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            if let self { body(self) }
        }
    }

    /// Tells the consumer that nothing more will come.
    private func finish() {
        guard case .open = phase else { return }
        phase = .ended
        pingTimer?.cancel()
        if !batch.isEmpty { _ = inbox.offer(&batch) }
        inbox.finish(session.transportClosed(transportError ?? ""))
    }
}
