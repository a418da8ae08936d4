import FeedModel
import NIOCore
import WebSocketTransport

/// What the connections of a replay share. Bound to the server's event loop.
final class ReplayStage {
    let timeline: ReplayTimeline
    let configuration: ReplayConfiguration
    let loop: any EventLoop
    private let onProgress: (ReplayProgress) -> Void
    private var progress = ReplayProgress()
    private var lastNoted = NIODeadline.distantPast
    private var session: ReplaySession?

    init(
        _ timeline: ReplayTimeline, _ configuration: ReplayConfiguration, loop: any EventLoop,
        onProgress: @escaping (ReplayProgress) -> Void
    ) {
        self.timeline = timeline
        self.configuration = configuration
        self.loop = loop
        self.onProgress = onProgress
        progress.totalLines = timeline.lines.count
    }

    /// The newest client is the client: an older connection is a dead one whose end was not noticed yet.
    func makeSession() -> ReplaySession {
        session?.retire()
        let session = ReplaySession(self)
        self.session = session
        progress.connections += 1
        return session
    }

    var sentLines: Int { progress.sentLines }

    func sent(upTo index: Int) {
        progress.sentLines = index
        progress.clock = index > 0 ? Timestamp(milliseconds: timeline.lines[index - 1].clock) : nil
        let now = NIODeadline.now()
        guard progress.isComplete || now - lastNoted >= .milliseconds(100) else { return }
        lastNoted = now
        onProgress(progress)
    }
}

/// One client's connection to a replay. Bound to the server's event loop.
final class ReplaySession: WebSocketServerDelegate {
    private let stage: ReplayStage
    private var peer: WebSocketPeer?
    private var buffers = BufferPool()
    /// The next line.
    private var cursor = 0
    private var isStarted = false
    /// When the line that is due at 0 was or would have been sent.
    private var origin = NIODeadline.now()
    private var lastSent = NIODeadline.now()
    private var isTimerSet = false

    init(_ stage: ReplayStage) { self.stage = stage }

    func opened(_ peer: WebSocketPeer) {
        self.peer = peer
        let dialect = stage.configuration.dialect
        if let greeting = dialect.greeting { send(greeting) }
        scheduleHeartbeat(in: stage.configuration.heartbeatInterval)
        if dialect.startsAtOnce { start(.beginning) }
    }

    func received(text: ByteBuffer, from peer: WebSocketPeer) {
        let request = text.withUnsafeReadableBytes { ReplayRequest($0, dialect: stage.configuration.dialect) }
        for reply in request.replies { send(reply) }
        if let start = request.start { self.start(start) }
    }

    func received(binary: ByteBuffer, from peer: WebSocketPeer) {}
    func writabilityChanged(_ peer: WebSocketPeer) { pump() }
    func closed(_ peer: WebSocketPeer, reason: CloseReason) { self.peer = nil }

    func retire() {
        peer?.abort()
        peer = nil
    }

    private func send(_ text: String) {
        peer?.write(text: text)
        lastSent = .now()
    }

    private func start(_ start: ReplayRequest.Start) {
        let timeline = stage.timeline
        var (index, isResumed) = timeline.start(start)
        // Who asks a sportsbook anew is told how things stand now, not how they came about.
        if timeline.dialect == .sportsbook, start == .beginning { index = stage.sentLines }
        cursor = index
        isStarted = true
        if timeline.dialect == .sportsbook { announce(index, isResumed: isResumed) }
        if cursor < timeline.lines.count { origin = .now() - offset(of: timeline.lines[cursor]) }
        pump()
    }

    private func announce(_ index: Int, isResumed: Bool) {
        let next = stage.timeline.sequence(from: index) ?? (stage.timeline.lastSequence(before: index) ?? 0) + 1
        let oldest = stage.timeline.sequence(from: 0) ?? next
        send(ControlMessage.subscribed(isResumed: isResumed, next: next, oldest: oldest))
        guard !isResumed, !stage.timeline.hasSnapshotEnd else { return }
        let clock = stage.timeline.lines.first?.clock ?? 0
        send(ControlMessage.snapshotComplete(next - 1, at: Timestamp(milliseconds: clock)))
    }

    /// How long after the beginning a line is sent.
    private func offset(of line: ReplayTimeline.Line) -> TimeAmount {
        switch stage.configuration.speed {
        case .maximum: .zero
        case .times(let factor): .nanoseconds(Int64(Double(line.due) * 1e6 / factor))
        }
    }

    private func pump() {
        var turns = 0
        while isStarted, let peer, peer.isWritable, cursor < stage.timeline.lines.count {
            let wait = origin + offset(of: stage.timeline.lines[cursor]) - .now()
            if wait > .zero { return pump(in: wait) }
            if turns == SendLimits.buffersPerTurn { return pump(in: .zero) }
            turns += 1
            sendDueLines(to: peer)
        }
    }

    private func sendDueLines(to peer: WebSocketPeer) {
        var buffer = buffers.take()
        let now = NIODeadline.now()
        let lines = stage.timeline.lines
        repeat {
            stage.timeline.append(lines[cursor], to: &buffer)
            cursor += 1
        } while cursor < lines.count && buffer.readableBytes < SendLimits.bufferBytes
            && origin + offset(of: lines[cursor]) <= now
        peer.write(preframed: buffer)
        buffers.give(buffer)
        lastSent = now
        stage.sent(upTo: cursor)
    }

    private func pump(in wait: TimeAmount) {
        guard !isTimerSet else { return }
        isTimerSet = true
        stage.loop.assumeIsolated().scheduleTask(in: wait) { [weak self] in
            self?.isTimerSet = false
            self?.pump()
        }
    }

    private func scheduleHeartbeat(in delay: Duration) {
        stage.loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in
            guard let self, peer != nil else { return }
            let interval = stage.configuration.heartbeatInterval
            let quiet = Duration.nanoseconds((NIODeadline.now() - lastSent).nanoseconds)
            guard quiet >= interval else { return scheduleHeartbeat(in: interval - quiet) }
            if isStarted, cursor > 0 { sendHeartbeat(behind: stage.timeline.lines[cursor - 1]) }
            scheduleHeartbeat(in: interval)
        }
    }

    private func sendHeartbeat(behind line: ReplayTimeline.Line) {
        let text = stage.timeline.withLine(line) { stage.configuration.dialect.heartbeat(last: $0, clock: line.clock) }
        if let text { send(text) }
    }
}
