import NIOCore

/// Where a session's numbered messages come from. Bound to the server's event loop.
protocol MessageSource: AnyObject {
    /// The lowest number that can still be sent.
    var oldest: Int64 { get }
    /// One above the highest number that may be sent now.
    var next: Int64 { get }
    /// The number of the first live message behind a fresh snapshot; asked after `snapshot()`.
    var first: Int64 { get }
    /// Whether what follows `sequence` can still be sent.
    func canResume(after sequence: Int64) -> Bool
    /// A session begins to read from `first`; `onDue` is called when a rate allows more.
    func open(from first: Int64, on loop: any EventLoop, onDue: @escaping () -> Void)
    /// The session reads no more.
    func close()
    /// When there is nothing to send: makes more if that is this source's way. True if there is more now.
    func produce() -> Bool
    /// The state as messages without numbers.
    func snapshot() -> [[UInt8]]
    /// One message.
    func message(_ sequence: Int64) -> [UInt8]
    /// Appends whole frames with up to `count` messages from `sequence` on to `buffer`, and returns how many it took.
    func write(_ count: Int, from sequence: Int64, perFrame: Int, to buffer: inout ByteBuffer) -> Int
}

/// What the session asks its source for at most in one go: frames of about this many bytes share a buffer.
enum SendLimits {
    static let bufferBytes = 128 * 1024
    /// How many buffers one session may fill before others have their turn.
    static let buffersPerTurn = 16
}
