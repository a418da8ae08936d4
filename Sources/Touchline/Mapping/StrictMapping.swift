/// One mapping of a YAML file, read key by key: what is wrong is a problem with its line, and so is a key that nobody asked for.
///
/// Unlike a configuration's values these are taken as they stand: no environment, no `${…}`, because frames contain anything.
final class StrictMapping {
    let line: Int
    /// How far its keys stand from the left.
    let indentation: Int
    private let place: String
    private let entries: [(key: String, value: ConfigurationNode)]
    private let problems: ConfigurationReader.Problems
    private var known: Set<String> = []

    /// - Parameter place: what the mapping is, for a problem with it.
    init(_ node: ConfigurationNode, _ place: String, problems: ConfigurationReader.Problems) {
        line = node.line
        indentation = node.column - 1
        self.place = place
        self.problems = problems
        if case .mapping(let entries) = node.content {
            self.entries = entries
        } else {
            entries = []
            problems.add("\(place) must be a mapping", line: node.line)
        }
    }

    var keys: [String] { entries.map(\.key) }

    func node(_ key: String) -> ConfigurationNode? {
        known.insert(key)
        return entries.first { $0.key == key }?.value
    }

    /// Which of these keys the mapping has.
    func present(_ keys: [String]) -> [String] { keys.filter { node($0) != nil } }

    func string(_ key: String) -> String? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text) = node.content else {
            problems.add("'\(key)' must be text: put JSON behind | or between single quotes", line: node.line)
            return nil
        }
        return text
    }

    /// The elements of a list; nil if there is none.
    func list(_ key: String) -> [ConfigurationNode]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let items) = node.content else {
            problems.add("'\(key)' must be a list", line: node.line)
            return nil
        }
        return items
    }

    func flag(_ key: String) -> Bool {
        guard let text = string(key) else { return false }
        if text != "true", text != "false" { reject(key, "'\(text)' must be true or false") }
        return text == "true"
    }

    func count(_ key: String) -> Int? {
        guard let text = string(key) else { return nil }
        guard let count = Int(text), count >= 0 else {
            reject(key, "'\(text)' must be a whole number")
            return nil
        }
        return count
    }

    /// Reports a problem at a key's line, or at the mapping's if the key is not there.
    func reject(_ key: String, _ message: String) {
        problems.add("'\(key)': \(message)", line: entries.first { $0.key == key }?.value.line ?? line)
    }

    func problem(_ message: String) { problems.add("\(place): \(message)", line: line) }

    /// Reports keys that were never asked for. Call it when everything has been read.
    func rejectUnknownKeys() {
        for entry in entries where !known.contains(entry.key) {
            let names = known.sorted().joined(separator: ", ")
            problems.add("unknown key '\(entry.key)': known here are \(names)", line: entry.value.line)
        }
    }
}
