import FeedModel
import TestSupport
import Testing

@testable import Processor

/// After a snapshot, what it no longer had is closed.
@Suite struct SportsbookSnapshotTests {
    private func snapshot(_ message: BookMessage) -> String {
        message.with(["seq": nil, "snapshot": "true"]).json
    }

    @Test func closesWhatIsGone() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(
            BookMessage.odds(seq: 1, option: "home").json, BookMessage.odds(seq: 2, option: "draw").json,
            BookMessage.odds(seq: 3, option: "away").with(["status": "\"closed\""]).json,
            BookMessage.odds(seq: 4, fixture: "fx-2").json, BookMessage.settlement(seq: 5, option: "x").json
        )
        try bench.apply(.snapshotBegan)
        let part = try bench.decode(snapshot(.odds(seq: 0, option: "home")))
        #expect(part.odds.first?.isSnapshot == true)
        try bench.decode(#"{"type":"snapshot_complete","seq":90}"#)
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.odds.map { $0.selection.fixture + "/" + $0.selection.option } == ["fx-1/draw", "fx-2/home"])
        #expect(outcome.odds.allSatisfy { $0.status == .closed && $0.odd == nil && $0.isSnapshot })
        #expect(outcome.odds.allSatisfy { $0.position == Position(frame: outcome.header.first, ordinal: 0) })
        #expect(outcome.counters.closed == 2)
        let again = try bench.apply(.snapshotEnded)
        #expect(again.events.isEmpty)
    }

    @Test func settledSelectionsAreNotClosed() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(BookMessage.odds(seq: 1).json, BookMessage.settlement(seq: 2).json)
        try bench.apply(.snapshotBegan)
        #expect(try bench.apply(.snapshotEnded).events.isEmpty)
    }

    @Test func finishesFixturesThatWereUnderWay() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(
            BookMessage.fixture(seq: 1, id: "fx-1", status: "live").json,
            BookMessage.fixture(seq: 2, id: "fx-2", status: "live").json,
            BookMessage.fixture(seq: 3, id: "fx-3", status: "scheduled").json)
        try bench.apply(.snapshotBegan)
        try bench.decode(snapshot(.fixture(seq: 0, id: "fx-2", status: "live")))
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.fixtures.map { $0.texts[0] } == ["fx-1"])
        #expect(outcome.fixtures.first?.status == .finished)
        #expect(outcome.fixtures.first?.texts[5] == "Árbær")
        #expect(outcome.fixtures.first?.scores == [1, 0])
    }

    @Test func theSequenceMayStartAnywhereAfterASnapshot() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(BookMessage.odds(seq: 500).json)
        try bench.apply(.snapshotBegan)
        try bench.decode(snapshot(.odds(seq: 0)), #"{"type":"snapshot_complete","seq":20}"#)
        try bench.apply(.snapshotEnded)
        #expect(try bench.decode(BookMessage.odds(seq: 20).json).counters.skipped == 1)
        #expect(try bench.decode(BookMessage.odds(seq: 21).json).odds.count == 1)
    }

    @Test func anInterruptedSnapshotClosesNothing() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(
            BookMessage.odds(seq: 1, option: "a").json, BookMessage.odds(seq: 2, option: "b").json)
        try bench.apply(.snapshotBegan)
        try bench.decode(snapshot(.odds(seq: 0, option: "a")))
        try bench.apply(.snapshotBegan)
        try bench.decode(snapshot(.odds(seq: 0, option: "b")))
        #expect(try bench.apply(.snapshotEnded).odds.map(\.selection.option) == ["a"])
    }
}
