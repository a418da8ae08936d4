import Glibc
import Synchronization

/// Another writer that acts at once, inside a synchronous closure, over a socket of its own.
final class Rival: Sendable {
    private let socket: Int32

    struct SocketError: Error {
        let code: Int32
    }

    init(socket path: String) throws {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            target.copyBytes(from: path.utf8.prefix(target.count - 1))
        }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw SocketError(code: errno) }
    }

    deinit { close(socket) }

    /// Appends and waits until Redis has it.
    func add(to stream: String, id: UInt64) throws {
        let command = "XADD \(stream) \(id)-0 e rival\r\n"
        guard write(socket, command, command.utf8.count) == command.utf8.count else { throw SocketError(code: errno) }
        var reply = [UInt8](repeating: 0, count: 256)
        let count = read(socket, &reply, reply.count)
        guard count > 0, reply[0] == UInt8(ascii: "$") else { throw SocketError(code: errno) }
    }
}

/// Counts calls of a sendable closure.
final class Attempts: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    func next() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}
