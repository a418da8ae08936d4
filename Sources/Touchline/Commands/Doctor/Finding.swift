/// One thing that was looked at.
struct Finding: Sendable {
    let subject: String
    /// Nil: all is well.
    let problem: String?
    /// It works, but not as it should.
    var isWarning = false

    init(_ subject: String, problem: String? = nil, isWarning: Bool = false) {
        self.subject = subject
        self.problem = problem
        self.isWarning = isWarning
    }

    /// As scripts read it.
    private var state: String { isFatal ? "problem" : problem == nil ? "ok" : "warning" }

    var isFatal: Bool { problem != nil && !isWarning }

    var text: String {
        guard let problem else { return "ok       \(subject)" }
        return "\(isWarning ? "warning " : "PROBLEM ") \(subject): \(problem.printable)"
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
        try container.encodeIfPresent(problem, forKey: .problem)
    }
}
