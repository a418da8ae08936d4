import FeedModel
import Foundation

/// Holds what a step became against what was expected of it.
struct MappingCheck {
    /// Where an expectation is not met, and how what came differs from it.
    struct Failure: Equatable {
        let line: Int
        let message: String
        var details: [String] = []
    }

    let outcome: MappingDecoding.Outcome

    /// Everything that is not as the step says; empty if it is.
    func failures(of step: MappingStep) -> [Failure] {
        let expected = step.expectation
        var failures = find(expected.events, in: outcome.events, isExact: expected.isExact, noun: "event", step.line)
        if let count = expected.count, count != outcome.events.count {
            failures.append(Failure(line: step.line, message: "expected \(count) events, got \(outcome.events.count)"))
        }
        failures += find(expected.letters, in: outcome.letters, isExact: true, noun: "letter", step.line)
        return failures
    }

    /// Each expected item must be among the actual ones behind the one before it; exactly, there must be no others.
    private func find(
        _ expected: [ExpectedItem], in actual: [EntryItem], isExact: Bool, noun: String, _ line: Int
    ) -> [Failure] {
        var failures: [Failure] = []
        var met: Set<Int> = []
        var next = 0
        for item in expected {
            if let index = actual[next...].firstIndex(where: { Self.differences(item, $0).isEmpty }) {
                met.insert(index)
                next = index + 1
            } else {
                failures.append(Self.missing(item, among: actual, behind: next, noun))
            }
        }
        let others = actual.indices.filter { !met.contains($0) }.map { actual[$0] }
        // While something is missing, what is there instead is shown beside it.
        guard isExact, failures.isEmpty, !others.isEmpty else { return failures }
        return [
            Failure(
                line: line, message: "\(others.count) \(noun)\(others.count == 1 ? "" : "s") more than expected:",
                details: others.map(\.json))
        ]
    }

    private static func missing(
        _ item: ExpectedItem, among actual: [EntryItem], behind next: Int, _ noun: String
    ) -> Failure {
        if let index = actual[..<next].firstIndex(where: { differences(item, $0).isEmpty }) {
            return Failure(
                line: item.line, message: "the \(noun) comes too early, or only once:", details: [actual[index].json])
        }
        let closest = actual.min { distance(item, $0) < distance(item, $1) }
        guard let closest else { return Failure(line: item.line, message: "there is no \(noun)") }
        return Failure(
            line: item.line, message: "no \(noun) is like this; the closest is different in",
            details: table(differences(item, closest)) + ["of \(closest.json)"])
    }

    /// Another type is further away than any number of other values.
    private static func distance(_ item: ExpectedItem, _ actual: EntryItem) -> Int {
        let names = differences(item, actual).map(\.name)
        return names.count + (names.contains("type") ? 1_000 : 0)
    }

    struct Difference: Equatable {
        let name: String
        let expected: String
        let actual: String
    }

    static func differences(_ item: ExpectedItem, _ actual: EntryItem) -> [Difference] {
        item.fields.compactMap { field in
            let value = actual[field.name]
            guard !isMet(field, by: value) else { return nil }
            return Difference(
                name: field.name, expected: field.value ?? "(not there)", actual: value?.plain ?? "(not there)")
        }
    }

    /// Numbers and times are equal by value, details of letters contain what was expected, everything else is equal by text.
    private static func isMet(_ field: ExpectedItem.Field, by value: EntryItem.Value?) -> Bool {
        guard let expected = field.value else { return value == nil }
        switch value {
        case nil: return false
        case .text(let text):
            if field.name == "detail" { return text.contains(expected) }
            guard text != expected, let time = Timestamp(rfc3339: text) else { return text == expected }
            return time == Timestamp(rfc3339: expected)
        case .json(let json):
            if json == expected { return true }
            guard let left = Decimal(string: expected), let right = Decimal(string: json) else { return false }
            return expected.isNumber && left == right
        }
    }

    private static func table(_ differences: [Difference]) -> [String] {
        let names = differences.map(\.name.count).max() ?? 0
        let values = differences.map { min($0.expected.count, 30) }.max() ?? 0
        return differences.map {
            "  \($0.name.padded(to: names))  expected \($0.expected.padded(to: values))  got \($0.actual.printable)"
        }
    }
}

extension String {
    /// Whether the whole text is a plain decimal number: `Decimal` takes any text that begins with one.
    fileprivate var isNumber: Bool { wholeMatch(of: /[-+]?[0-9]+(\.[0-9]+)?/) != nil }
}
