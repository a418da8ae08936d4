import FeedModel
import NIOCore
import WebSocketTransport

extension BookSession {
    func perform(_ actions: [Fault.Action]) {
        for action in actions { perform(action) }
    }

    func perform(_ action: Fault.Action) {
        guard let peer else { return }
        switch action {
        case .refuse: break
        case .drop(let withReset):
            peer.flush()
            peer.abort(withReset: withReset)
        case .silence(let duration, let isHalfOpen): beSilent(for: duration, isHalfOpen: isHalfOpen, peer)
        case .skip(let count): cursor += Int64(count)
        case .duplicate(let count): cursor = max(source?.oldest ?? 1, cursor - Int64(count))
        case .garbage: send("\u{1}not json at all: {\"seq\":")
        case .frame(let text): send(text)
        case .damage(let damages, let isInArray): sendDamaged(damages, isInArray: isInArray)
        case .oversized(let bytes): sendOversized(bytes)
        case .compressionBomb(let bytes):
            if peer.acceptsCompressedFrames { write(CompressionBomb.frame(inflatedBytes: bytes)) }
        case .slow(let rate, let duration): slowDown(to: rate, for: duration)
        case .close(let code, let reason): peer.close(code: code, reason: reason)
        case .error(let code, let message, let closeCode): fail(code, message, closeCode)
        }
    }

    private func beSilent(for duration: Duration, isHalfOpen: Bool, _ peer: WebSocketPeer) {
        isSilent = true
        peer.flush()
        if isHalfOpen { peer.stopListening() }
        after(duration) { session in
            session.isSilent = false
            session.peer?.listenAgain()
            session.pump()
        }
    }

    /// The damaged messages take the places of the next ones; in an array each has good neighbours.
    private func sendDamaged(_ damages: [MessageDamage], isInArray: Bool) {
        guard let source else { return }
        var frame: [[UInt8]] = []
        for damage in damages {
            if isInArray, cursor < source.next { frame.append(take(source.message(cursor))) }
            frame.append(take(damage.message(cursor, at: book.configuration.now())))
        }
        if isInArray, cursor < source.next { frame.append(take(source.message(cursor))) }
        var buffer = ByteBuffer()
        if isInArray {
            SimulatedLane.appendFrame([SimulatedLane.array(frame)], to: &buffer)
        } else {
            for message in frame { SimulatedLane.appendFrame([message], to: &buffer) }
        }
        write(buffer)
    }

    private func take(_ message: [UInt8]) -> [UInt8] {
        cursor += 1
        sent += 1
        return message
    }

    private func sendOversized(_ bytes: Int) {
        let head = Array(#"{"type":"odds_change","pad":""#.utf8)
        let filling = [UInt8](repeating: UInt8(ascii: "x"), count: max(0, bytes - head.count - 2))
        var buffer = ByteBuffer()
        SimulatedLane.appendFrame([head + filling + Array(#""}"#.utf8)], to: &buffer)
        write(buffer)
    }

    private func slowDown(to rate: Int, for duration: Duration) {
        throttle = Throttle(bytesPerSecond: rate, end: .now() + TimeAmount(duration))
        trickle()
    }

    /// Frames leave whole, because the transport's own pings and pongs may come between any two writes.
    private func trickle() {
        guard var throttle else { return }
        guard NIODeadline.now() < throttle.end else {
            self.throttle = nil
            return pump()
        }
        throttle.allowance += Double(throttle.bytesPerSecond) * Throttle.tick.seconds
        while let source, throttle.allowance > 0, cursor < source.next,
            faults.messagesUntilNext(sent: sent, next: cursor) > 0
        {
            var frame = ByteBuffer()
            let count = source.write(1, from: cursor, perFrame: 1, to: &frame)
            cursor += Int64(count)
            sent += count
            throttle.allowance -= Double(frame.readableBytes)
            write(frame)
        }
        self.throttle = throttle
        after(Throttle.tick) { $0.trickle() }
    }
}

/// Slow sending: so many bytes may leave, less the debt of the last frame.
struct Throttle {
    static let tick = Duration.milliseconds(20)
    let bytesPerSecond: Int
    let end: NIODeadline
    var allowance = 0.0
}
