import Foundation

/// Standard error as a terminal, for progress that overwrites itself while standard output carries the answer.
enum ErrorTerminal {
    static let isThere = isatty(STDERR_FILENO) == 1

    static func overwrite(_ text: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }
}
