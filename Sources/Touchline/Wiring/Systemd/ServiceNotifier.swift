import Glibc
import Synchronization
import Telemetry

/// Tells systemd how the process is doing: datagrams to the socket that it names in `NOTIFY_SOCKET` (`sd_notify(3)`).
final class ServiceNotifier: Sendable {
    /// How often systemd wants to hear that the process lives, at least; nil if it does not watch.
    let watchdogLimit: Duration?
    private let path: String
    private let isReadyTold = Atomic<Bool>(false)

    /// Nil when nobody listens.
    init?(environment: [String: String], process: pid_t = getpid()) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        self.path = path
        // Inherited by a child, the limit is not the child's.
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogLimit = isMeant && limit > 0 ? .microseconds(limit) : nil
    }

    /// - Returns: whether systemd has it; false when its socket is full or gone.
    func ready() -> Bool {
        let isTold = send("READY=1\nSTATUS=ready")
        if isTold { isReadyTold.store(true, ordering: .relaxed) }
        return isTold
    }

    func alive() { send("WATCHDOG=1") }

    func stopping() { send("STOPPING=1\nSTATUS=draining") }

    /// Says that `reload` is under way while it runs. Who is not ready yet has nothing to reload, and must not end with
    /// READY.
    func reloading(_ reload: () -> Void) {
        guard isReadyTold.load(ordering: .relaxed) else { return reload() }
        send("RELOADING=1\nMONOTONIC_USEC=\(SystemTime.monotonic)")
        reload()
        _ = ready()
    }

    @discardableResult private func send(_ text: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard var address = Self.address(of: path) else { return false }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        let bytes = Array(text.utf8)
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                sendto(descriptor, bytes, bytes.count, flags, raw, length) == bytes.count
            }
        }
    }

    /// Nil if the path is too long. A name in the abstract namespace begins with a zero, which is written as `@`.
    private static func address(of path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        let hasRoom = withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard bytes.count < target.count else { return false }
            target.copyBytes(from: bytes)
            return true
        }
        return hasRoom ? address : nil
    }
}
