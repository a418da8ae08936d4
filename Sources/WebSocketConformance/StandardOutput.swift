import Foundation

/// Where the caller reads what it asked for; unbuffered, because a script waits for the line.
enum StandardOutput {
    static func line(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }
}
