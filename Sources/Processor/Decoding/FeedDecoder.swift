package import FeedModel

/// One provider's decoder: frames in, events out. Deterministic, stateful (fixtures, ladders, what is on offer).
///
/// The same entries after the same checkpoint give the same bytes, on every machine: whether the owner of a feed or a
/// zombie forwards an entry then makes no difference. One value per feed; called by one task at a time.
package protocol FeedDecoder: AnyObject {
    /// The provider's name in configuration.
    static var provider: String { get }

    /// Decodes nothing yet.
    init(feed: FeedName)

    /// Goes on where `checkpoint()` was taken. Throws when the bytes are another version's or are damaged.
    init(feed: FeedName, restoring checkpoint: [UInt8]) throws(CheckpointError)

    /// Decodes the frames of one raw entry. The caller has begun `output.events` with `header`; `frames` stands at the first
    /// frame, and `RawEntry.readableSlack` bytes behind the payload are readable. Messages that are refused become letters;
    /// what is thrown means that the entry itself is damaged.
    func decode(entry header: RawEntryHeader, frames: inout ByteCursor, into output: inout DecodeOutput)
        throws(EntryError)

    /// Takes a control event into account, before the caller appends it to `output.events` itself: at the end of a snapshot
    /// everything that it no longer had is closed.
    func apply(_ control: ControlEvent, header: RawEntryHeader, into output: inout DecodeOutput)

    /// Whether a message means the same by itself as it did among the others: only then can a dead letter be replayed.
    static var readsMessagesAlone: Bool { get }

    /// Decodes a dead letter's message by itself, as of where it stood, and remembers nothing of it. The caller has begun
    /// `output.events` for the letter. `payload` has `RawEntry.readableSlack` readable bytes behind it.
    func decode(
        _ letter: ReplayedLetter, payload: UnsafeRawBufferPointer, into output: inout DecodeOutput
    ) throws(Refusal)

    /// Everything that `decode` depends on, versioned.
    func checkpoint() -> [UInt8]
}

/// A provider that sends changes: what one of them means depends on all before it.
extension FeedDecoder {
    package static var readsMessagesAlone: Bool { false }

    package func decode(
        _ letter: ReplayedLetter, payload: UnsafeRawBufferPointer, into output: inout DecodeOutput
    ) throws(Refusal) {
        throw Refusal(
            .badValue, "messages of \(Self.provider) are changes to what came before them and cannot be replayed alone")
    }
}

/// A checkpoint that cannot be used: the decoder starts empty and a fresh image is asked for.
package enum CheckpointError: Error, Equatable, CustomStringConvertible {
    case unknownVersion(UInt8)
    case damaged(String)

    package var description: String {
        switch self {
        case .unknownVersion(let version): "decoder checkpoint of version \(version), which this build does not know"
        case .damaged(let place): "decoder checkpoint is damaged in its \(place)"
        }
    }
}

/// The decoders there are. Adding a provider means adding a line here, and one to the FeedClient's sessions.
package enum DecoderRegistry {
    private static var decoders: [any FeedDecoder.Type] {
        [SportsbookDecoder.self, BetfairDecoder.self, PolymarketDecoder.self, KalshiDecoder.self]
    }

    /// Names of the providers, for messages about a wrong one.
    package static var providers: [String] { decoders.map { $0.provider } }

    /// Whether dead letters of a provider can be replayed.
    package static func replaysLetters(of provider: String) -> Bool {
        decoders.contains { $0.provider == provider && $0.readsMessagesAlone }
    }

    /// A decoder for a feed, from its checkpoint if there is one. Nil if there is no such provider.
    package static func make(
        provider: String, feed: FeedName, checkpoint: [UInt8]?
    ) throws(CheckpointError) -> (any FeedDecoder)? {
        guard let decoder = decoders.first(where: { $0.provider == provider }) else { return nil }
        guard let checkpoint else { return decoder.init(feed: feed) }
        return try decoder.init(feed: feed, restoring: checkpoint)
    }
}
