import Foundation

/// The service manager's end of `sd_notify(3)`: a datagram socket that a process under test writes to.
package final class NotifySocket: Sendable {
    /// For `NOTIFY_SOCKET`.
    package let path: String
    private let descriptor: Int32

    /// - Parameter isAbstract: a name that is no file; its `path` begins with `@` then.
    package init(isAbstract: Bool = false) throws {
        let name = RandomName.next("notify")
        let folder = FileManager.default.temporaryDirectory.path
        path = isAbstract ? "@\(name)" : "\(folder)/\(name)"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard isBound else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit {
        close(descriptor)
        if path.hasPrefix("/") { unlink(path) }
    }

    /// The messages that are there, oldest first; does not wait.
    package func received() -> [String] {
        var messages: [String] = []
        while true {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return messages }
            messages.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }

    /// Messages until one begins with `prefix`, that one included; what came in time if none does.
    package func received(until prefix: String, seconds: Double = 20) async throws -> [String] {
        var messages: [String] = []
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            messages += received()
            if messages.contains(where: { $0.hasPrefix(prefix) }) { return messages }
            try await Task.sleep(for: .milliseconds(20))
        }
        return messages
    }
}
