import FeedModel

/// One mapping test: frames of a provider in order, and what each must become. A case begins with an empty decoder.
struct MappingCase: Sendable {
    let name: String
    /// The file as it was given on the command line, and the case's line in it.
    let file: String
    let line: Int
    let provider: String
    let feed: FeedName
    let steps: [MappingStep]
}

/// What goes in at one time, and what is expected after it.
struct MappingStep: Sendable {
    enum Input: Sendable {
        /// Frames as the provider sends them; more than one comes from a file.
        case frames([[UInt8]])
        /// What the session tells the decoder in between.
        case control(ControlEvent)
    }

    let line: Int
    let input: Input
    let receivedAt: Timestamp
    let expectation: MappingExpectation
    /// How far the step's keys stand from the left in its file.
    var indentation = 4
}

/// What a step must become. Without a word about events any will do; letters that nobody expects are failures.
struct MappingExpectation: Sendable {
    /// Found among the events in this order.
    var events: [ExpectedItem] = []
    /// Whether other events may stand between those expected.
    var isExact = false
    /// How many events there must be.
    var count: Int?
    /// The letters, all of them, in order.
    var letters: [ExpectedItem] = []
}

/// Part of an event or letter: only what is named must be equal.
struct ExpectedItem: Sendable {
    struct Field: Sendable {
        let name: String
        /// Nil: the field must not be there.
        let value: String?
        let line: Int
    }

    let line: Int
    let fields: [Field]
}
