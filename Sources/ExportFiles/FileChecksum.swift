import Crypto
import Glibc

/// What a file's bytes are, read back from where they were written.
package enum FileChecksum {
    /// SHA-256 in hexadecimal, as `sha256sum` prints it.
    package static func sha256(of path: String) throws(ExportError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file("opened", path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { break }
            if count > 0 {
                hash.update(data: buffer[..<count])
            } else if errno != EINTR {
                throw .file("read", path: path, reason: String(cString: strerror(errno)))
            }
        }
        return hash.finalize().hexadecimal
    }
}

extension SHA256Digest {
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
