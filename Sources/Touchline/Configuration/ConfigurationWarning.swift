/// What can be meant so, and more often is not: a configuration with it can be used.
struct ConfigurationWarning: Sendable, Equatable, CustomStringConvertible {
    /// Where it comes from: `environment` or `configuration`.
    let subject: String
    let problem: String
    /// What to do about it.
    let remedy: String

    var description: String { "\(problem): \(remedy)" }
}
