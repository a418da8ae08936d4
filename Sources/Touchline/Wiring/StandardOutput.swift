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

extension String {
    /// With control characters written as `\u{1b}`: what a provider sent must not reach the operator's terminal.
    var printable: String {
        unicodeScalars.reduce(into: "") { result, scalar in
            let isControl = scalar.properties.generalCategory == .control
            result += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }
}
