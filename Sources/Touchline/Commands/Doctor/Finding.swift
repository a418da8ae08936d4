/// One thing that was looked at.
struct Finding: Sendable, Equatable {
    let subject: String
    /// Nil: all is well.
    let problem: String?
    /// What to do about it.
    let remedy: String?
    /// It works, but not as it should.
    let isWarning: Bool

    /// All is well.
    init(_ subject: String) {
        self.subject = subject
        (problem, remedy, isWarning) = (nil, nil, false)
    }

    init(_ subject: String, problem: String, remedy: String, isWarning: Bool = false) {
        self.subject = subject
        self.problem = problem
        self.remedy = remedy
        self.isWarning = isWarning
    }

    /// As scripts read it.
    private var state: String { isFatal ? "problem" : problem == nil ? "ok" : "warning" }

    var isFatal: Bool { problem != nil && !isWarning }

    /// What is wrong, and what to do.
    private var sentence: String? { problem.map { "\($0): \(remedy ?? "")" } }

    var text: String {
        guard let sentence else { return "ok       \(subject)" }
        return "\(isWarning ? "warning " : "PROBLEM ") \(subject): \(sentence.printable)"
    }
}

extension Finding: Encodable {
    private enum Key: String, CodingKey {
        case subject, state, problem
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(subject, forKey: .subject)
        try container.encode(state, forKey: .state)
        try container.encodeIfPresent(sentence, forKey: .problem)
    }
}
