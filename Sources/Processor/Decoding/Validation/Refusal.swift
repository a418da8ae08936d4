import FeedModel

/// Why a message is refused: what its dead letter says.
struct Refusal: Error, Equatable {
    let reason: DeadLetterReason
    /// Names the field and the value.
    let detail: String

    init(_ reason: DeadLetterReason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    /// Longer values are cut in details; the letter's payload has the whole message.
    private static let quotedBytes = 120

    @inline(never)
    static func missing(_ field: String) -> Refusal { Refusal(.missingField, "\(field) is missing") }

    @inline(never)
    static func bad(_ field: String, _ value: UnsafeRawBufferPointer, _ expectation: String) -> Refusal {
        let text = UnsafeRawBufferPointer(rebasing: value.prefix(quotedBytes)).string
        return Refusal(.badValue, "\(field): \(text)\(value.count > quotedBytes ? "…" : "") is not \(expectation)")
    }

    @inline(never)
    static func duplicate(_ field: String) -> Refusal { Refusal(.malformedJSON, "key \(field) occurs twice") }
}
