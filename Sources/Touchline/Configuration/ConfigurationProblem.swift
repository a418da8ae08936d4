/// Something wrong with a configuration: where, what, and what to do. All of them are reported at once.
struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// Line of the file; nil for what is missing, or comes from the environment.
    let line: Int?
    let message: String

    var description: String { line.map { "line \($0): \(message)" } ?? message }
}

/// A configuration that cannot be used. Exit code 2.
struct ConfigurationError: Error, CustomStringConvertible {
    let file: String
    let problems: [ConfigurationProblem]

    var description: String {
        problems.map { "\(file): \($0)" }.joined(separator: "\n")
    }
}
