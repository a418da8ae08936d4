/// Why a sportsbook or a replay cannot do its work.
package enum SportsbookError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A setting makes no sense; one sentence each.
    case configuration([String])
    /// A recording cannot be read.
    case recording(file: String, reason: String)

    /// Nothing here goes away by itself.
    package var isRetriable: Bool { false }

    package var description: String {
        switch self {
        case .configuration(let problems): problems.joined(separator: "; ")
        case .recording(let file, let reason): "recording \(file): \(reason)"
        }
    }
}
