import FeedModel
import NIOCore
import WebSocketTransport

extension BookSession {
    /// Whether an on-demand source may make more without this session falling behind.
    var hasRoom: Bool {
        guard let source, !isSilent else { return true }
        return source.next - cursor < 4_096
    }

    /// Sends what may be sent now and the socket takes.
    func pump() {
        guard book.isGateOpen else { return }
        var turns = 0
        while let peer, let source, peer.isWritable, !isSilent, throttle == nil {
            let room = faults.messagesUntilNext(sent: sent, next: cursor)
            if room == 0 {
                perform(faults.takeDue(sent: sent, next: cursor))
                continue
            }
            guard cursor < source.next else {
                guard source.produce() else { return }
                continue
            }
            guard cursor >= source.oldest else { return fail("too_slow", "what comes next is no longer held", 4408) }
            if turns == SendLimits.buffersPerTurn { return pumpLater() }
            turns += 1
            sendNext(room, of: source)
        }
    }

    private func sendNext(_ count: Int, of source: any MessageSource) {
        var buffer = buffers.take()
        let taken = source.write(
            count, from: cursor, perFrame: book.configuration.messagesPerFrame, to: &buffer)
        cursor += Int64(taken)
        sent += taken
        book.sent(messages: taken, bytes: buffer.readableBytes)
        write(buffer)
        buffers.give(buffer)
    }

    /// Lets the sockets have their turn.
    private func pumpLater() {
        peer?.flush()
        book.loop.assumeIsolated().execute { [weak self] in self?.pump() }
    }
}

/// Buffers that are written again once the socket is done with them, so that full speed needs no new memory.
struct BufferPool {
    private var buffers: [ByteBuffer] = []
    private var next = 0

    /// More than are ever unwritten at once.
    private static let count = SendLimits.buffersPerTurn + 4

    /// The oldest buffer, empty; its memory is taken over unless the socket still holds it.
    mutating func take() -> ByteBuffer {
        guard buffers.count >= Self.count else {
            return ByteBufferAllocator().buffer(capacity: SendLimits.bufferBytes + 16 * 1024)
        }
        var buffer = ByteBuffer()
        swap(&buffer, &buffers[next])
        buffer.clear()
        return buffer
    }

    mutating func give(_ buffer: ByteBuffer) {
        guard buffers.count >= Self.count else { return buffers.append(buffer) }
        buffers[next] = buffer
        next = (next + 1) % Self.count
    }
}
