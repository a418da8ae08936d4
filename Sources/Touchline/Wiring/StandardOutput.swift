import Foundation

/// Lines for people, one at a time, and progress that overwrites itself on a terminal.
enum StandardOutput {
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// On a terminal replaces the last progress line; otherwise nothing, because logs need no animation.
    static func progress(_ text: String) {
        guard isTerminal else { return }
        FileHandle.standardOutput.write(Data("\r\u{1B}[K\(text)".utf8))
    }
}
