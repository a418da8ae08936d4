import Foundation
import Telemetry

/// Reads one mapping of a configuration: every scalar may be overridden by an environment variable, `${VAR}` is
/// expanded, and keys that nobody asked for are problems.
///
/// The variable of `writer.batch_rows` is `TOUCHLINE_WRITER_BATCH_ROWS`.
final class ConfigurationReader {
    private let path: [String]
    private let entries: [(key: String, value: ConfigurationNode)]
    private let environment: [String: String]
    private let problems: Problems
    private var known: Set<String> = []
    let line: Int?

    /// Shared by the readers of one file.
    final class Problems {
        private(set) var all: [ConfigurationProblem] = []
        /// The environment variables that somebody looked for.
        var askedVariables: Set<String> = []

        /// A value that is looked at twice has one problem.
        func add(_ message: String, line: Int? = nil) {
            guard !all.contains(where: { $0.line == line && $0.message == message }) else { return }
            all.append(.init(line: line, message: message))
        }
    }

    init(root: ConfigurationNode, environment: [String: String], problems: Problems) {
        path = []
        self.environment = environment
        self.problems = problems
        line = root.line
        if case .mapping(let entries) = root.content {
            self.entries = entries
        } else {
            entries = []
            problems.add("a mapping with keys such as 'redis' and 'feeds' is expected", line: root.line)
        }
    }

    private init(parent: ConfigurationReader, key: String) {
        path = parent.path + [key]
        environment = parent.environment
        problems = parent.problems
        let node = parent.entries.first { $0.key == key }?.value
        line = node?.line
        switch node?.content {
        case .mapping(let entries): self.entries = entries
        case nil: entries = []
        default:
            entries = []
            problems.add("'\(path.joined(separator: "."))' must be a mapping", line: node?.line)
        }
    }

    // MARK: Values

    /// Whether the file has the key, whatever is in it.
    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    func section(_ key: String) -> ConfigurationReader {
        known.insert(key)
        return ConfigurationReader(parent: self, key: key)
    }

    /// The keys present, for mappings whose keys are names.
    var keys: [(name: String, line: Int)] { entries.map { ($0.key, $0.value.line) } }

    func string(_ key: String) -> String? {
        known.insert(key)
        if let value = environment[variable(key)] { return value }
        guard let node = entries.first(where: { $0.key == key })?.value else { return nil }
        guard case .scalar(let text) = node.content else {
            problems.add("'\(name(key))' must be a single value", line: node.line)
            return nil
        }
        return expand(text, line: node.line)
    }

    func strings(_ key: String) -> [String]? {
        known.insert(key)
        if let value = environment[variable(key)] { return value.split(separator: ",").map(String.init) }
        guard let node = entries.first(where: { $0.key == key })?.value else { return nil }
        guard case .sequence(let items) = node.content else {
            problems.add("'\(name(key))' must be a list", line: node.line)
            return nil
        }
        return items.compactMap { item in
            guard case .scalar(let text) = item.content else { return nil }
            return expand(text, line: item.line)
        }
    }

    /// A value that must not be shown, and that is worth nothing when empty.
    func secret(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        if text.isEmpty { problems.add("'\(name(key))' is empty: set it, or leave it out", line: line(of: key)) }
        SecretMask.hide(text)
        return text.isEmpty ? nil : text
    }

    func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let text = string(key) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            reject(key, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            return standard
        }
        return value
    }

    func flag(_ key: String, default standard: Bool) -> Bool {
        guard let text = string(key) else { return standard }
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            reject(key, text, "true or false")
            return standard
        }
    }

    /// `4MiB`, `64KiB`, `512`.
    func bytes(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let text = string(key) else { return standard }
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1)]
        for (suffix, factor) in units where text.hasSuffix(suffix) {
            guard let number = Int(text.dropLast(suffix.count)) else { continue }
            let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
            if !overflow, range.contains(bytes) { return bytes }
        }
        reject(key, text, "a size such as 4MiB, from \(range.lowerBound) to \(range.upperBound) bytes")
        return standard
    }

    /// `50ms`, `5s`, `2m`, `12h`, `90d`.
    func duration(_ key: String, in range: ClosedRange<Duration>, default standard: Duration) -> Duration {
        guard let text = string(key) else { return standard }
        let units: [(String, Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        for (suffix, factor) in units where text.hasSuffix(suffix) {
            guard let number = Int64(text.dropLast(suffix.count)) else { continue }
            let (milliseconds, overflow) = number.multipliedReportingOverflow(by: factor)
            if !overflow, range.contains(.milliseconds(milliseconds)) { return .milliseconds(milliseconds) }
        }
        let bounds = [range.lowerBound, range.upperBound].map(TouchlineConfiguration.text).joined(separator: " to ")
        reject(key, text, "a duration such as 50ms or 5s, from \(bounds)")
        return standard
    }

    func reject(_ key: String, _ value: String, _ expected: String) {
        problems.add("'\(name(key))' is '\(SecretMask.masked(value))' but must be \(expected)", line: line(of: key))
    }

    /// For what is wrong with a value that must not be shown.
    func problem(_ key: String, _ message: String) {
        problems.add("'\(name(key))' \(message)", line: line(of: key))
    }

    func missing(_ key: String, _ hint: String) {
        problems.add("'\(name(key))' is missing: \(hint)", line: line)
    }

    func line(of key: String) -> Int? { entries.first { $0.key == key }?.value.line ?? line }

    /// Reports keys that were never asked for. Call it when everything has been read.
    func rejectUnknownKeys() {
        for entry in entries where !known.contains(entry.key) {
            let allowed = known.sorted().joined(separator: ", ")
            problems.add("unknown key '\(name(entry.key))': known here are \(allowed)", line: entry.value.line)
        }
    }

    // MARK: Names

    private func name(_ key: String) -> String { (path + [key]).joined(separator: ".") }

    private func variable(_ key: String) -> String {
        let parts = (["touchline"] + path + [key]).joined(separator: "_").uppercased()
        let variable = String(parts.map { $0.isLetter || $0.isNumber ? $0 : "_" })
        problems.askedVariables.insert(variable)
        return variable
    }

    private func expand(_ text: String, line: Int) -> String {
        var result = ""
        var rest = Substring(text)
        while let start = rest.range(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            let variable = String(rest[start.upperBound..<end])
            problems.askedVariables.insert(variable)
            result += rest[..<start.lowerBound]
            if let value = environment[variable] {
                result += value
            } else {
                problems.add("environment variable \(variable) is not set", line: line)
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
