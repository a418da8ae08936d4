import FeedModel
import NIOCore
import WebSocketTransport

/// One client's connection: what it subscribed to, how far it is, and what goes wrong on it. Bound to the server's event
/// loop. Sending is in `BookSession+Delivery`, faults are in `BookSession+Faults`.
final class BookSession: WebSocketServerDelegate {
    let book: Book
    var faults: ConnectionFaults
    private(set) var peer: WebSocketPeer?
    /// Nil until the client has subscribed.
    var source: (any MessageSource)?
    /// The number of the next live message.
    var cursor: Int64 = 1
    /// Live messages sent on this connection.
    var sent = 0
    /// Nothing is sent while true.
    var isSilent = false
    var throttle: Throttle?
    var buffers = BufferPool()
    private(set) var lastSent = NIODeadline.now()
    private var isEnded = false

    init(book: Book, faults: ConnectionFaults) {
        self.book = book
        self.faults = faults
    }

    func opened(_ peer: WebSocketPeer) {
        self.peer = peer
        book.opened(self)
        scheduleHeartbeat(in: book.configuration.heartbeatInterval)
        after(book.configuration.subscribeTimeout) { session in
            if session.source == nil { session.fail("subscribe_timeout", "no subscription came", 1008) }
        }
        for fault in faults.timed { after(fault.after) { $0.perform(fault.action) } }
        perform(faults.take(.opened))
    }

    func received(text: ByteBuffer, from peer: WebSocketPeer) {
        // Who is silent does not listen either.
        if isSilent { return }
        do throws(ClientRequest.Refusal) {
            switch try ClientRequest(text) {
            case .ping(let id): send(ControlMessage.pong(id))
            case .subscribe(let streams, let resumeAfter): subscribe(streams, after: resumeAfter)
            }
        } catch {
            fail(error.code, error.message, 1008)
        }
    }

    func received(binary: ByteBuffer, from peer: WebSocketPeer) {
        fail("bad_request", "binary messages are not understood", 1003)
    }

    func writabilityChanged(_ peer: WebSocketPeer) { pump() }

    func closed(_ peer: WebSocketPeer, reason: CloseReason) {
        book.closed(self)
        end()
    }

    func end() {
        isEnded = true
        source?.close()
        source = nil
        peer = nil
    }

    func close(_ code: CloseCode, _ reason: String) { peer?.close(code: code, reason: reason) }

    func fail(_ code: String, _ message: String, _ closeCode: CloseCode) {
        send(ControlMessage.error(code, message))
        close(closeCode, message)
    }

    /// A frame outside the numbered sequence.
    func send(_ text: String) {
        peer?.write(text: text)
        lastSent = .now()
    }

    func write(_ buffer: ByteBuffer) {
        peer?.write(preframed: buffer)
        lastSent = .now()
    }

    /// Runs `body` on the loop unless the connection has ended by then.
    func after(_ delay: Duration, _ body: @escaping (BookSession) -> Void) {
        book.loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in
            if let self, !isEnded { body(self) }
        }
    }
}

extension BookSession {
    private func subscribe(_ streams: StreamSet, after resumeAfter: Int64?) {
        perform(faults.take(.subscribed))
        guard peer != nil else { return }
        self.source?.close()
        self.source = nil
        let source = book.source(for: streams)
        if let resumeAfter, source.canResume(after: resumeAfter) {
            cursor = resumeAfter + 1
            send(ControlMessage.subscribed(isResumed: true, next: cursor, oldest: source.oldest))
        } else {
            sendSnapshot(of: source)
        }
        self.source = source
        source.open(from: cursor, on: book.loop) { [weak self] in self?.pump() }
        pump()
    }

    private func sendSnapshot(of source: any MessageSource) {
        let messages = source.snapshot()
        // After the snapshot was made: making it may have given out numbers.
        cursor = source.first
        send(ControlMessage.subscribed(isResumed: false, next: cursor, oldest: source.oldest))
        var buffer = ByteBuffer()
        let perFrame = book.configuration.messagesPerFrame
        for start in stride(from: 0, to: messages.count, by: perFrame) {
            let frame = Array(messages[start..<min(start + perFrame, messages.count)])
            SimulatedLane.appendFrame(frame, to: &buffer)
        }
        if buffer.readableBytes > 0 { write(buffer) }
        send(ControlMessage.snapshotComplete(cursor - 1, at: book.configuration.now()))
    }

    private func scheduleHeartbeat(in delay: Duration) {
        after(delay) { session in
            let interval = session.book.configuration.heartbeatInterval
            let quiet = Duration.nanoseconds((NIODeadline.now() - session.lastSent).nanoseconds)
            guard quiet >= interval else { return session.scheduleHeartbeat(in: interval - quiet) }
            if session.source != nil, !session.isSilent {
                session.send(ControlMessage.heartbeat(session.cursor - 1, at: session.book.configuration.now()))
            }
            session.scheduleHeartbeat(in: interval)
        }
    }
}
