import FeedModel

/// A dead letter that the feed's owner was asked to send through again.
struct LetterRequest {
    let letter: ReplayedLetter
    private let payload: [UInt8]

    /// Details go into a control event, which is small.
    private static let detailCharacters = 1_000

    /// Nil for every other control event, and for a stage that no version of this program has.
    init?(_ event: ControlEvent) {
        guard case .letterReplayed(let position, let stage, let receivedAt, let payload) = event,
            let stage = DeadLetterStage(rawValue: stage)
        else { return nil }
        letter = ReplayedLetter(
            position: Position(rawValue: position), stage: stage, receivedAt: Timestamp(microseconds: receivedAt))
        self.payload = [UInt8](payload)
    }

    /// Refuses what cannot be a message of the feed's past.
    func check(before header: RawEntryHeader) throws(Refusal) {
        guard letter.position.frame < header.first, letter.position.frame >= 0 else {
            throw Refusal(.badValue, "position \(letter.position) is not of the feed's past")
        }
        guard (Timestamp(microseconds: 0)...header.receivedAt).contains(letter.receivedAt) else {
            throw Refusal(.badValue, "the letter says that it came at \(letter.receivedAt.microseconds) µs since 1970")
        }
        if case .frameTooLarge(let bytes)? = payload.withUnsafeBytes({ try? ControlEvent(decoding: $0) }) {
            throw .notTaken(bytes: bytes)
        }
        // The first byte of an entry of `events`, and of no JSON.
        if payload.first == EventsEntryHeader.version || payload.first == EventsEntryHeader.letterVersion {
            throw Refusal(.badValue, "the letter holds an entry of events: the provider's message was gone already")
        }
    }

    /// The payload with the readable bytes behind it that the scanner needs.
    func withPayload(_ body: (UnsafeRawBufferPointer) throws(Refusal) -> Void) throws(Refusal) {
        let padded = payload + [UInt8](repeating: 0, count: RawEntry.readableSlack)
        let outcome = padded.withUnsafeBytes { bytes -> Result<Void, Refusal> in
            do throws(Refusal) {
                return .success(try body(UnsafeRawBufferPointer(rebasing: bytes[..<payload.count])))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    /// What the Writer is told when the message is refused again.
    func refusal(_ refusal: Refusal) -> ControlEvent {
        .letterRefused(
            position: letter.position.rawValue, stage: letter.stage.rawValue, reason: refusal.reason.rawValue,
            detail: String(refusal.detail.prefix(Self.detailCharacters)))
    }
}
