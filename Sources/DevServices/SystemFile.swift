import FoundationEssentials
import Glibc

/// Small files and directories, with the system's own words for what went wrong.
enum SystemFile {
    /// The text of the last `errno`.
    static var lastError: String { String(cString: strerror(errno)) }

    /// The whole of a small file, or nil. Also for `/proc`, whose files have no size.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return contents(of: descriptor, from: 0)
    }

    /// Everything in an open file from `offset` on.
    static func contents(of descriptor: Int32, from offset: Int) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var position = offset
        while true {
            let count = pread(descriptor, &chunk, chunk.count, position)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
            position += count
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The last lines of a log, in one line.
    static func tail(_ path: String, lines: Int = 6) -> String {
        let text = read(path) ?? ""
        return text.split(separator: "\n").suffix(lines).joined(separator: " | ")
    }

    static func write(_ text: String, to path: String) throws(DevServicesError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(path, reason: lastError) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw .file(path, reason: lastError) }
    }

    static func makeDirectory(_ path: String) throws(DevServicesError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .file(path, reason: "the directory could not be made (\(lastError))")
        }
    }

    /// Removes a file or a whole directory; what is not there is fine.
    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func entries(of directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    /// The absolute path without symbolic links, or the path itself if it does not exist.
    static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
