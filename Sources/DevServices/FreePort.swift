import Glibc

/// A loopback port that nobody listened on a moment ago. Someone may take it before we do: whoever uses it must be ready to
/// try again.
package enum FreePort {
    /// A port that is free now.
    package static func find() throws(DevServicesError) -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .file("socket", reason: SystemFile.lastError) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutableBytes(of: &address) { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return -1 }
            let generic = base.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, generic, length) != 0 ? -1 : getsockname(descriptor, generic, &length)
        }
        guard code == 0 else { throw .file("127.0.0.1", reason: SystemFile.lastError) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
