package import Logging

/// The metadata keys of log lines, in one place so that a thing has one name.
package enum LogKey {
    package static let feed = "feed"
    package static let stage = "stage"
    package static let error = "error"
    package static let stream = "stream"
    package static let entries = "entries"
    package static let rows = "rows"
    package static let address = "address"
    /// What asked for the line, such as a signal: an answer is never left out, however often somebody asks.
    package static let asked = "asked"
}

extension Logger {
    /// A copy that says `key = value` on every line.
    package func with(_ key: String, _ value: String) -> Logger {
        var copy = self
        copy[metadataKey: key] = "\(value)"
        return copy
    }
}
