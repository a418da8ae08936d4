/// Runs a case and says what came of it.
struct MappingRun {
    let mapping: MappingCase

    /// A line that says whether the case holds, and behind it what does not, with file and line.
    func report() throws -> (isMet: Bool, lines: [String]) {
        var decoding = try MappingDecoding(mapping)
        var lines: [String] = []
        for step in mapping.steps {
            let outcome = try decoding.take(step)
            for failure in MappingCheck(outcome: outcome).failures(of: step) {
                lines.append("  \(mapping.file):\(failure.line): \(failure.message)")
                lines += failure.details.map { "    \($0)" }
            }
        }
        let verdict = lines.isEmpty ? "ok    " : "FAIL  "
        return (lines.isEmpty, ["\(verdict)\(mapping.file):\(mapping.line): \(mapping.name)"] + lines)
    }

    /// What each step becomes, in the form of an expectation: JSON is YAML.
    func print() throws -> [String] {
        var decoding = try MappingDecoding(mapping)
        var lines = ["# \(mapping.file):\(mapping.line): \(mapping.name)"]
        for (index, step) in mapping.steps.enumerated() {
            let outcome = try decoding.take(step)
            let count = outcome.events.count
            lines.append("# frame \(index + 1), line \(step.line): \(count) event\(count == 1 ? "" : "s")")
            lines += Self.list("events", outcome.events.map(\.json), step.indentation)
            lines += Self.list("letters", outcome.letters.map(Self.expectation), step.indentation)
        }
        return lines
    }

    /// As far from the left as the frame's own keys, so that it can be pasted below them.
    private static func list(_ key: String, _ items: [String], _ indentation: Int) -> [String] {
        let margin = String(repeating: " ", count: indentation)
        return items.isEmpty ? [] : ["\(margin)\(key):"] + items.map { "\(margin)  - \($0)" }
    }

    /// Of a letter only what an expectation can name.
    private static func expectation(of letter: EntryItem) -> String {
        EntryItem(["reason", "detail"].map { ($0, letter[$0]) }).json
    }
}
