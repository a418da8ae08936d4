import FoundationEssentials
import TestSupport

/// The file system as the tests look at it.
enum FileFacts {
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    static func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    /// A path that does not exist yet, short enough for Unix sockets.
    static func newDirectory() -> String { "/tmp/\(RandomName.next("dst"))" }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
