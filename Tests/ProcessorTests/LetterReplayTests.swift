import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Processor

/// Dead letters that are sent through again: decoded under today's rules, as of where they stood, and nothing else moves.
@Suite struct LetterReplayTests {
    private static let receivedAt = Timestamp(milliseconds: 1_763_719_200_000)

    /// One feed's entries, decoded one after the other.
    private struct Feed: ~Copyable {
        var decoding: EntryDecoding
        private var next: FrameNumber = 1_000_000

        init(provider: String = "sportsbook", clockSlack: Duration = .seconds(3_600)) throws {
            decoding = try EntryDecoding(
                feed: ProcessedFeed(name: DecoderBench.feed(), provider: provider, clockSlack: clockSlack))
        }

        mutating func frame(_ text: String) throws -> [DeadLetter] {
            var payload: [UInt8] = []
            let header = header(.frames)
            RawEntry.append(header, to: &payload)
            Array(text.utf8).withUnsafeBytes { RawEntry.append(frame: $0, to: &payload) }
            payload += [UInt8](repeating: 0, count: RawEntry.readableSlack)
            return try decoding.decode(payload, header: header).letters
        }

        mutating func replay(
            _ message: String, at position: Position = Position(frame: 1_000, ordinal: 3),
            stage: DeadLetterStage = .processor
        ) throws -> Replayed {
            let header = header(.control)
            let event = ControlEvent.letterReplayed(
                position: position.rawValue, stage: stage.rawValue,
                receivedAt: LetterReplayTests.receivedAt.microseconds, payload: Data(message.utf8))
            let outcome = try decoding.decode(RawEntry.control(event, header: header), header: header)
            #expect(outcome.letters.isEmpty, "a letter of a letter would be two of one message")
            return try Replayed(outcome.payload)
        }

        private mutating func header(_ kind: RawEntryHeader.Kind) -> RawEntryHeader {
            next += 1
            return RawEntryHeader(
                kind: kind, term: Term(rawValue: 1), first: next, frameCount: 1, prev: next - 1,
                receivedAt: LetterReplayTests.receivedAt + .seconds(86_400))
        }
    }

    /// What the entry of a replay says.
    private struct Replayed {
        let payload: [UInt8]
        let header: EventsEntryHeader
        var events: [DecodedEvent] = []
        var refusal: ControlEvent?

        init(_ payload: [UInt8]) throws {
            self.payload = payload
            (header, events, refusal) = try payload.withUnsafeBytes { bytes in
                var reader = try EventsEntryReader(bytes)
                var events: [DecodedEvent] = []
                var control: ControlEvent?
                while let event = try reader.next() {
                    if case .control(_, let body) = event { control = try ControlEvent(decoding: body) }
                    events.append(DecodedEvent(event))
                }
                return (reader.header, events, control)
            }
        }

        /// The detail of a letter that is refused again.
        var detail: String? {
            guard case .letterRefused(let position, let stage, _, let detail) = refusal else { return nil }
            #expect(position == Position(frame: 1_000, ordinal: 3).rawValue && (1...2).contains(stage))
            #expect(header.letter == nil && events == [.control])
            return detail
        }
    }

    private static func odds(_ change: KeyValuePairs<String, String?> = [:]) -> String {
        BookMessage.odds(seq: 5).with(change).json
    }

    @Test func aMessageKeepsItsPlaceAndItsTime() throws {
        var feed = try Feed()
        let replayed = try feed.replay(Self.odds())
        let letter = try #require(replayed.header.letter)
        #expect(letter.position == Position(frame: 1_000, ordinal: 3) && letter.stage == .processor)
        #expect(letter.receivedAt == Self.receivedAt)
        guard case .odds(let odds)? = replayed.events.first else { Issue.record("no price"); return }
        #expect(odds.position == letter.position && odds.odd == FixedDecimal("1.95"))
        #expect(replayed.events.count == 1 && replayed.header.lastSequence == 0)
    }

    @Test func whatIsStillWrongIsRefusedInWords() throws {
        var feed = try Feed()
        #expect(try feed.replay(Self.odds(["odd_value": "-1"])).detail?.hasPrefix("odd_value: -1 is not") == true)
        #expect(try feed.replay("{").detail?.contains("byte") == true)
        #expect(try feed.replay("[\(Self.odds())]").detail == "message is not an object")
        #expect(try feed.replay(#"{"type":"weather"}"#).detail == "type: weather is not known")
        let notTaken = String(decoding: ControlEvent.frameTooLarge(bytes: 99).encoded(), as: UTF8.self)
        #expect(try feed.replay(notTaken).detail?.contains("was not taken from the socket") == true)
        #expect(try feed.replay("\u{1}\u{0}").detail?.contains("holds an entry of events") == true)
    }

    @Test func aPositionOfTheFutureIsRefused() throws {
        var feed = try Feed()
        let replayed = try feed.replay(Self.odds(), at: Position(frame: 1_000_001, ordinal: 0))
        guard case .letterRefused(_, _, _, let detail) = replayed.refusal else { Issue.record("accepted"); return }
        #expect(detail.contains("is not of the feed's past"))
    }

    /// The message came an hour and a half early: a day later that is still too early, unless the rule is another.
    @Test(arguments: [3_600, 7_200] as [Int64])
    func todaysRulesHoldAgainstTheTimeOfReceipt(slack: Int64) throws {
        let isAccepted = slack > 5_400
        let early = Self.odds(["timestamp": "\((Self.receivedAt + .seconds(5_400)).microseconds / 1_000)"])
        var feed = try Feed(clockSlack: .seconds(slack))
        let replayed = try feed.replay(early)
        #expect((replayed.header.letter != nil) == isAccepted)
        #expect((replayed.detail?.hasPrefix("timestamp: ") == true) == !isAccepted)
    }

    @Test func theFeedAndTheLetterDoNotTouchEachOther() throws {
        var feed = try Feed()
        var untouched = try Feed()
        for message in [
            BookMessage.fixture(seq: 8, status: "live").json, BookMessage.odds(seq: 9, odd: "3").json,
        ] {
            #expect(try feed.frame(message).isEmpty)
            #expect(try untouched.frame(message).isEmpty)
        }
        var fresh = try Feed()
        let alone = try fresh.replay(Self.odds()).events
        // The sequence is old, the fixture in play, the price another: none of it matters.
        #expect(try feed.replay(Self.odds()).events == alone)
        _ = try feed.replay(BookMessage.fixture(seq: 2, status: "finished").json)
        #expect(feed.decoding.state() == untouched.decoding.state())
    }

    @Test func theSameEntryGivesTheSameBytes() throws {
        var one = try Feed()
        var other = try Feed()
        #expect(try other.frame(BookMessage.odds(seq: 1).json).isEmpty)
        #expect(try one.frame("no JSON").count == 1)
        for message in [Self.odds(), "{", BookMessage.fixture(seq: 1).json, BookMessage.bet(seq: 2).json] {
            #expect(try one.replay(message).payload == other.replay(message).payload)
        }
    }

    /// The Writer's letters hold the whole frame.
    @Test func ofAFrameOnlyTheLettersMessageIsTaken() throws {
        var feed = try Feed()
        let options = ["a", "b", "c", "d"].map { BookMessage.odds(seq: 1, option: $0).json }
        let frame = "[\(options.joined(separator: ","))]"
        guard case .odds(let odds)? = try feed.replay(frame, stage: .writer).events.first else {
            Issue.record("no price")
            return
        }
        #expect(odds.selection.option == "d" && odds.position.ordinal == 3)
        #expect(try feed.replay("[\(options[0])]", stage: .writer).detail == "the frame has no message 3")
    }

    @Test(arguments: ["betfair", "kalshi", "polymarket"])
    func changesCannotBeReplayedAlone(provider: String) throws {
        #expect(!DecoderRegistry.replaysLetters(of: provider))
        var feed = try Feed(provider: provider)
        let before = feed.decoding.state()
        #expect(try feed.replay(#"{"op":"mcm"}"#).detail?.contains("cannot be replayed alone") == true)
        #expect(feed.decoding.state() == before)
    }
}
