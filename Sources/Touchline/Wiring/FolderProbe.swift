import Foundation
import Telemetry

/// Tries whether files can be made in a folder, and leaves everything as it was.
enum FolderProbe {
    /// Nil if a file could be made in the folder at `path`, which need not exist yet.
    static func problem(with path: String) -> String? {
        let files = FileManager.default
        var missing: [URL] = []
        var folder = URL(fileURLWithPath: path)
        while folder.path != "/", !files.fileExists(atPath: folder.path) {
            missing.append(folder)
            folder.deleteLastPathComponent()
        }
        // Only trying tells: a file system may refuse whom its permissions would let in.
        defer { for made in missing { rmdir(made.path) } }
        do {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            let probe = URL(fileURLWithPath: path).appending(path: ".touchline-\(UUID().uuidString)")
            try Data([0]).write(to: probe)
            try files.removeItem(at: probe)
            return nil
        } catch {
            return "\(path) cannot be written: \(SystemReason.of(error))"
        }
    }
}
