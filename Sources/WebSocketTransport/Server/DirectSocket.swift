import Glibc
import NIOCore

/// A connection's socket, written to without the channel in between: of a short frame to a thousand subscribers the channel's own
/// part is a fifth.
///
/// Good only while the channel is active, and on its event loop.
struct DirectSocket {
    private let descriptor: CInt

    /// Nil where the channel has no socket of its own.
    init?(of context: ChannelHandlerContext) {
        let descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { $0 }
        guard let descriptor else { return nil }
        self.descriptor = descriptor
    }

    /// Gives the kernel what it takes at once, and returns how much that was: 0 too where it refuses.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        // Who went away is an error, not a signal.
        let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
        while true {
            let taken = send(descriptor, start, bytes.count, flags)
            if taken >= 0 { return taken }
            guard errno == EINTR else { return 0 }
        }
    }
}
