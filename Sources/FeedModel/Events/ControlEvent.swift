package import FoundationEssentials

/// A session event of a feed, in order with its prices: the body of a control entry, forwarded into `events` as it is.
///
/// Written as JSON, so that an operator can read it with `touchline tap`.
package enum ControlEvent: Sendable, Equatable, Codable {
    /// A new owner begins; numbering restarts above `predecessorLast`.
    case termStarted(predecessorTerm: UInt64, predecessorLast: FrameNumber, provider: String)
    /// The session's state changed; `why` is for people.
    case stateChanged(state: SessionState, why: String)
    /// The provider confirmed that what follows continues after the stored token: nothing is missing.
    case resumed(fromSequence: Int64?)
    /// The frames that follow describe the whole state; what they leave out is gone.
    case snapshotBegan
    case snapshotEnded
    /// A stretch of the feed is missing. The gap is named by the position of this entry.
    case gap(Gap)
    /// The provider sent what the gap at `position` was missing.
    case gapHealed(position: Int64, at: Int64)
    /// A frame of so many bytes was too large to be taken: the Processor makes it a dead letter without its bytes.
    case frameTooLarge(bytes: Int)
    /// Nothing came from the provider for 5 s; the session is in `state`.
    case keepalive(state: SessionState)
    /// A dead letter is sent through again under its own identity: for the Processor, which forwards what comes of it.
    case letterReplayed(position: Int64, stage: UInt8, receivedAt: Int64, payload: Data)
    /// A dead letter that was sent through again was refused again.
    case letterRefused(position: Int64, stage: UInt8, reason: UInt8, detail: String)

    /// A hole in a feed, as `feed_gaps` records it.
    package struct Gap: Sendable, Equatable, Codable {
        package var kind: GapKind
        package var fromSequence: Int64?
        package var toSequence: Int64?
        /// Microseconds since 1970.
        package var from: Int64?
        package var to: Int64?
        /// For people: what was seen.
        package var cause: String

        package init(
            kind: GapKind, fromSequence: Int64? = nil, toSequence: Int64? = nil, from: Timestamp? = nil,
            to: Timestamp? = nil, cause: String
        ) {
            self.kind = kind
            self.fromSequence = fromSequence
            self.toSequence = toSequence
            self.from = from?.microseconds
            self.to = to?.microseconds
            self.cause = cause
        }
    }

    package func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Every case holds integers and text only, which JSON can always express.
        return (try? encoder.encode(self)).map { [UInt8]($0) } ?? []
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        self = try JSONDecoder().decode(ControlEvent.self, from: Data(bytes))
    }
}

extension SessionState: Codable {}
extension GapKind: Codable {}

/// What others ask of a feed's owner, as an entry of `requests`.
package enum FeedRequest: Sendable, Equatable, Codable {
    /// The decoder's state is lost: subscribe again so that the provider sends the whole state.
    case freshImage(why: String)
    /// Send a dead letter's message through again.
    case replayLetter(position: Int64, stage: UInt8, receivedAt: Int64, payload: Data)

    package func encoded() -> [UInt8] {
        (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? []
    }

    package init(decoding bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(FeedRequest.self, from: Data(bytes))
    }
}
