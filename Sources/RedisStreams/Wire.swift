// SPDX-License-Identifier: Apache-2.0
import CHiredis
import Glibc

/// One open hiredis context: sends commands in one go, reads replies one by one. Used by its connection's thread only.
///
/// It is good for as long as no call of it throws `.connectionLost`; then the owner drops it, which closes the socket.
final class Wire {
    private let context: UnsafeMutablePointer<redisContext>
    private let timeout: Duration
    private var outgoing = CommandBuffer()

    init(to endpoint: RedisEndpoint, timeout: Duration) throws(RedisError) {
        let bound = timeval(timeout)
        let opened =
            switch endpoint.address {
            case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(port), bound)
            case .unixSocket(let path): redisConnectUnixWithTimeout(path, bound)
            }
        guard let opened else { throw .connectionFailed("\(endpoint): out of memory") }
        guard opened.pointee.err == 0, redisSetTimeout(opened, bound) == REDIS_OK else {
            let reason = Self.reason(opened)
            redisFree(opened)
            throw .connectionFailed("\(endpoint): \(reason)")
        }
        if case .tcp = endpoint.address { redisEnableKeepAlive(opened) }
        // Without this, hiredis gives its read buffer back after every reply that was larger than 16 KiB.
        opened.pointee.reader.pointee.maxbuf = 0
        context = opened
        self.timeout = timeout
    }

    deinit { redisFree(context) }

    /// Writes what `encode` puts into the buffer; returns how many replies are due.
    @discardableResult
    func send(_ encode: (inout CommandBuffer) -> Void) throws(RedisError) -> Int {
        // Moved out while it grows: a stored property would be checked for exclusive access at every byte.
        var buffer = CommandBuffer()
        swap(&buffer, &outgoing)
        defer { swap(&buffer, &outgoing) }
        buffer.clear()
        encode(&buffer)
        try write(buffer.bytes)
        return buffer.commandCount
    }

    /// The next reply, refusals included.
    func receive() throws(RedisError) -> Reply {
        var reply: UnsafeMutableRawPointer?
        errno = 0
        guard redisGetReply(context, &reply) == REDIS_OK, let reply else {
            throw .connectionLost(isTimeout ? "no answer within \(timeout)" : Self.reason(context))
        }
        return Reply(reply.assumingMemoryBound(to: redisReply.self))
    }

    /// Sends one command and reads its reply; a refusal is thrown.
    func request(_ encode: (inout CommandBuffer) -> Void) throws(RedisError) -> Reply {
        try send(encode)
        let reply = try receive()
        if let refusal = reply.view.refusal { throw refusal }
        return reply
    }

    /// hiredis 0.14 writes without `MSG_NOSIGNAL`, and would raise SIGPIPE on a socket that the server closed.
    private func write(_ bytes: [UInt8]) throws(RedisError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(
                    context.pointee.fd, all.baseAddress.map { $0 + sent }, all.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                throw .connectionLost(
                    errno == EAGAIN ? "it took nothing for \(timeout)" : String(cString: strerror(errno)))
            }
        }
    }

    private var isTimeout: Bool { context.pointee.err == REDIS_ERR_IO && errno == EAGAIN }

    private static func reason(_ context: UnsafeMutablePointer<redisContext>) -> String {
        withUnsafeBytes(of: &context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
