import FeedModel
import Processor

/// A decoder as the Processor runs it, fed by hand: an entry for each frame, numbered from 1.
struct MappingDecoding: ~Copyable {
    /// What came of one step.
    struct Outcome: Equatable {
        var events: [EntryItem] = []
        var letters: [EntryItem] = []
    }

    private let decoder: any FeedDecoder
    private var output = DecodeOutput()
    private var frame: FrameNumber = 0

    init(_ mapping: MappingCase) throws {
        guard let decoder = try DecoderRegistry.make(provider: mapping.provider, feed: mapping.feed, checkpoint: nil)
        else { throw CommandFailure(description: "there is no provider '\(mapping.provider)'") }
        self.decoder = decoder
    }

    /// Decodes what a step brings in.
    mutating func take(_ step: MappingStep) throws -> Outcome {
        switch step.input {
        case .frames(let frames):
            var all = Outcome()
            for frame in frames {
                let outcome = try decode(frame, at: step.receivedAt)
                all.events += outcome.events
                all.letters += outcome.letters
            }
            return all
        case .control(let event):
            let header = nextHeader(.control, at: step.receivedAt)
            output.begin(header)
            decoder.apply(event, header: header, into: &output)
            return try outcome()
        }
    }

    private mutating func decode(_ frame: [UInt8], at time: Timestamp) throws -> Outcome {
        let header = nextHeader(.frames, at: time)
        var payload: [UInt8] = []
        RawEntry.append(header, to: &payload)
        frame.withUnsafeBytes { RawEntry.append(frame: $0, to: &payload) }
        let length = payload.count
        payload.append(contentsOf: repeatElement(0, count: RawEntry.readableSlack))
        output.begin(header)
        try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            _ = try RawEntry.header(&cursor)
            try decoder.decode(entry: header, frames: &cursor, into: &output)
        }
        return try outcome()
    }

    private mutating func nextHeader(_ kind: RawEntryHeader.Kind, at time: Timestamp) -> RawEntryHeader {
        defer { frame += 1 }
        return RawEntryHeader(
            kind: kind, term: Term(rawValue: 1), first: frame + 1, frameCount: 1, prev: frame, receivedAt: time)
    }

    private mutating func outcome() throws -> Outcome {
        Outcome(events: try EntryText.events(of: output.events.finish()), letters: output.letters.map(EntryText.letter))
    }
}
