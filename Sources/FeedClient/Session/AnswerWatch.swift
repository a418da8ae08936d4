import FeedModel

/// What was asked of the provider and is not answered yet.
package struct OpenQuestion: Sendable, Equatable {
    /// Tells it from the same question asked before.
    package let number: Int
    /// For people.
    package let text: String

    package init(_ number: Int, _ text: String) {
        self.number = number
        self.text = text
    }
}

/// Notices that the provider does not answer, although its connection lives. A value without a clock.
struct AnswerWatch: Sendable {
    private let limit: Duration
    private var question: OpenQuestion?
    private var waited = Duration.zero

    /// What one look counts for at most: while the feed waited for Redis it could not hear the answer.
    private static let longestStep = Duration.seconds(2)

    init(limit: Duration) { self.limit = limit }

    /// What has not been answered for too long, in words; nil if nothing has.
    ///
    /// - Parameters:
    ///   - question: what is open now.
    ///   - elapsed: since the last look.
    mutating func complaint(_ question: OpenQuestion?, elapsed: Duration) -> String? {
        guard let question, question == self.question else {
            self.question = question
            waited = .zero
            return nil
        }
        waited += min(elapsed, Self.longestStep)
        guard waited >= limit else { return nil }
        return "no answer to \(question.text) within \(Int(limit.seconds)) s"
    }
}
