package import FeedModel

/// Why a message is refused: what its dead letter says.
package struct Refusal: Error, Equatable {
    package let reason: DeadLetterReason
    /// Names the field and the value.
    package let detail: String

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

    /// A frame of which only its size is known.
    static func notTaken(bytes: Int) -> Refusal {
        Refusal(
            .tooLarge,
            "frame has \(bytes) bytes, more than \(RawEntry.maximumFrameBytes), and was not taken from the socket")
    }

    @inline(never)
    static func duplicate(_ field: String) -> Refusal { Refusal(.malformedJSON, "key \(field) occurs twice") }
}
