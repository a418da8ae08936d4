import FeedJSON
import FeedModel

/// Where a message is, and when it came.
struct MessagePlace {
    var frame: FrameNumber
    var ordinal = 0
    let receivedAt: Timestamp
    let window: TimeWindow

    init(_ header: RawEntryHeader, clockSlack: Duration = ValueForm.clockSlack) {
        frame = header.first
        receivedAt = header.receivedAt
        window = TimeWindow(receivedAt: header.receivedAt, clockSlack: clockSlack)
    }

    /// Where a replayed letter's message was.
    init(_ letter: ReplayedLetter, clockSlack: Duration) {
        frame = letter.position.frame
        ordinal = letter.position.ordinal
        receivedAt = letter.receivedAt
        window = TimeWindow(receivedAt: letter.receivedAt, clockSlack: clockSlack)
    }

    var position: Position { Position(frame: frame, ordinal: ordinal) }
}

/// What a frame may be at most.
enum FrameLimits {
    /// Refuses a list of more messages than a frame's positions can name.
    static func check(elementsOf list: JSONValue) throws(Refusal) {
        // Brackets, and two bytes for each element but the last: a shorter list cannot have too many.
        guard list.text.count > 2 * Position.messagesPerFrame else { return }
        var count = 0
        for _ in list.elements { count += 1 }
        guard count <= Position.messagesPerFrame else {
            throw Refusal(.tooLarge, "frame has \(count) messages, more than \(Position.messagesPerFrame)")
        }
    }
}

extension JSONScanner {
    /// Reads a whole frame, within the limits for frames.
    func frame(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> JSONValue {
        guard bytes.count <= RawEntry.maximumFrameBytes else {
            throw Refusal(.tooLarge, "frame has \(bytes.count) bytes, more than \(RawEntry.maximumFrameBytes)")
        }
        do throws(JSONError) {
            return try scan(bytes)
        } catch {
            throw Refusal(error.kind == .malformed ? .malformedJSON : .tooLarge, error.description)
        }
    }
}
