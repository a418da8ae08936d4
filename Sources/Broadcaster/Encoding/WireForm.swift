import NIOCore
import WebSocketTransport

/// How messages are put on a connection.
enum WireForm {
    /// WebSocket frames.
    case frames
    /// The same, each compressed where that makes it shorter, and by itself: no window is kept from one to the next. Event
    /// loops have a compressor each.
    case compressedFrames(CompressedFrames)
    /// Server-Sent Events.
    case events

    /// One message for one connection alone, from shared pieces. `cursor` is what it says the subscriber has reached.
    func message(_ pieces: [ByteBuffer], cursor: String?) -> ByteBuffer {
        switch self {
        case .frames: WebSocketFrame.text(joining: pieces)
        case .compressedFrames: SharedFrames(WebSocketFrame.text(joining: pieces)).bytes(self)
        case .events: EventStreamFormat.event(pieces, cursor: cursor)
        }
    }
}

/// The bytes of Server-Sent Events.
enum EventStreamFormat {
    /// One event. JSON as it is written here holds no line breaks.
    static func event(_ pieces: [ByteBuffer], cursor: String?) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(pieces.reduce(16 + (cursor?.utf8.count ?? 0)) { $0 + $1.readableBytes })
        if let cursor { buffer.writeString("id: \(cursor)\n") }
        buffer.writeString("data: ")
        for piece in pieces { buffer.writeImmutableBuffer(piece) }
        buffer.writeString("\n\n")
        return buffer
    }

    /// Tells why the stream ends.
    static func close(_ code: CloseCode) -> ByteBuffer {
        ByteBuffer(string: "event: close\ndata: {\"code\":\(code.rawValue)}\n\n")
    }
}
