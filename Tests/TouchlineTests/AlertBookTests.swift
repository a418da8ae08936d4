import Foundation
import Testing

@testable import Touchline

/// What people are told, and when: a clock that the test turns, no sockets.
struct AlertBookTests {
    private static let redis = Trouble(name: "redis", severity: .degraded, why: "slow")
    private static let feed = Trouble(name: "feed.a", severity: .down, why: "refused")

    private static func book() -> AlertBook { AlertBook(after: .seconds(30), every: .seconds(60)) }

    /// Looks at second `time`.
    private static func look(
        _ book: inout AlertBook, _ time: Int64, _ troubles: [Trouble] = [], _ mishaps: [Mishap] = []
    ) -> AlertMessage? { book.observe(troubles, mishaps, at: time * 1_000_000) }

    @Test func whatLastsIsToldOnceAndThatItIsMendedToo() throws {
        var book = Self.book()
        for time: Int64 in 0..<30 { #expect(Self.look(&book, time, [Self.feed]) == nil) }
        let message = try #require(Self.look(&book, 30, [Self.feed]))
        #expect(message == AlertMessage(problems: [.init(trouble: Self.feed, since: 0)]))
        book.delivered(message)
        for time: Int64 in 31..<200 { #expect(Self.look(&book, time, [Self.feed]) == nil) }
        let mended = try #require(Self.look(&book, 200))
        #expect(mended == AlertMessage(mended: [.init(name: "feed.a", seconds: 200)]))
        book.delivered(mended)
        #expect(Self.look(&book, 300) == nil)
    }

    @Test func whatMendsItselfInTimeIsNotToldAndBeginsAnew() {
        var book = Self.book()
        #expect(Self.look(&book, 0, [Self.feed]) == nil)
        #expect(Self.look(&book, 20) == nil)
        #expect(Self.look(&book, 21, [Self.feed]) == nil)
        #expect(Self.look(&book, 50, [Self.feed]) == nil)
        #expect(Self.look(&book, 51, [Self.feed])?.problems.count == 1)
    }

    @Test func thereIsOneMessageAPeriodAndItTellsAllOfIt() throws {
        var book = Self.book()
        _ = Self.look(&book, 0, [Self.feed])
        let first = try #require(Self.look(&book, 30, [Self.feed]))
        book.delivered(first)
        _ = Self.look(&book, 31, [Self.feed, Self.redis])
        for time: Int64 in 32..<90 {
            #expect(Self.look(&book, time, [Self.redis], [Mishap(name: "gap", count: 2)]) == nil)
        }
        let second = try #require(Self.look(&book, 90, [Self.redis], [Mishap(name: "gap", count: 3)]))
        #expect(second.problems.map(\.trouble.name) == ["redis"])
        #expect(second.mended.map(\.name) == ["feed.a"])
        #expect(second.mishaps == [Mishap(name: "gap", count: 3)])
    }

    @Test func whatCouldNotBeDeliveredIsToldAgainAsItIsThen() {
        var book = Self.book()
        _ = Self.look(&book, 0, [Self.feed])
        #expect(Self.look(&book, 30, [Self.feed], [Mishap(name: "gap", count: 1)]) != nil)
        #expect(Self.look(&book, 89, [Self.feed], [Mishap(name: "gap", count: 1)]) == nil)
        let again = Self.look(&book, 90, [Self.feed, Self.redis], [Mishap(name: "gap", count: 4)])
        #expect(again?.problems.map(\.trouble.name) == ["feed.a"])
        #expect(again?.mishaps == [Mishap(name: "gap", count: 4)])
        #expect(Self.look(&book, 150)?.mended == nil, "nobody ever heard of it")
    }

    @Test func onlyWhatIsNewOfMishapsIsTold() throws {
        var book = Self.book()
        let first = try #require(Self.look(&book, 0, [], [Mishap(name: "gap", count: 2)]))
        #expect(first.mishaps == [Mishap(name: "gap", count: 2)])
        book.delivered(first)
        #expect(Self.look(&book, 60, [], [Mishap(name: "gap", count: 2)]) == nil)
        #expect(Self.look(&book, 61, [], [Mishap(name: "gap", count: 5)])?.mishaps == [Mishap(name: "gap", count: 3)])
    }

    @Test func whatBecomesWorseIsToldAgainAndWhatBecomesBetterIsNot() throws {
        var book = Self.book()
        let down = Trouble(name: "redis", severity: .down, why: "gone")
        _ = Self.look(&book, 0, [Self.redis])
        book.delivered(try #require(Self.look(&book, 30, [Self.redis])))
        let worse = try #require(Self.look(&book, 90, [down]))
        #expect(worse.problems.map(\.trouble) == [down])
        book.delivered(worse)
        #expect(Self.look(&book, 150, [Self.redis]) == nil)
    }

    @Test func whoAsksForPatienceGetsIt() throws {
        var book = Self.book()
        _ = Self.look(&book, 0, [Self.feed])
        #expect(Self.look(&book, 30, [Self.feed]) != nil)
        book.wait(.seconds(600), from: 31_000_000)
        #expect(Self.look(&book, 630, [Self.feed]) == nil)
        #expect(Self.look(&book, 631, [Self.feed]) != nil)
    }

    @Test func theBodyIsForPeopleAndForPrograms() throws {
        var message = AlertMessage(
            problems: [.init(trouble: .init(name: "feed.a", severity: .down, why: "<!channel> & \"x\""), since: 0)])
        message.mended = [.init(name: "redis", seconds: 7)]
        message.mishaps = [Mishap(name: "gap of feed a (reconnect)", count: 2)]
        let body = try #require(
            JSONSerialization.jsonObject(with: Data(message.body(sender: "host (feed)"))) as? [String: Any])
        #expect(
            body["text"] as? String == """
                touchline on host (feed):
                • feed.a is down since 1970-01-01T00:00:00.000Z: &lt;!channel&gt; &amp; "x"
                • gap of feed a (reconnect): 2 new
                • redis is mended after 7 s
                """)
        #expect(body["status"] as? String == "problem" && body["source"] as? String == "touchline")
        let problem = try #require((body["problems"] as? [[String: String]])?.first)
        #expect(
            problem == [
                "component": "feed.a", "state": "down", "since": "1970-01-01T00:00:00.000Z",
                "error": "<!channel> & \"x\"",
            ])
        #expect((body["events"] as? [[String: Any]])?.first?["count"] as? Int == 2)
        #expect((body["mended"] as? [[String: Any]])?.first?["seconds"] as? Int == 7)
    }
}
