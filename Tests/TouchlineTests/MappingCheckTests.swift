import FeedModel
import Testing

@testable import Touchline

@Suite struct MappingCheckTests {
    private func item(_ fields: KeyValuePairs<String, String>, isText: Bool = true) -> EntryItem {
        EntryItem(fields.map { ($0.key, isText ? .text($0.value) : .json($0.value)) })
    }

    private func expected(_ line: Int, _ fields: KeyValuePairs<String, String?>) -> ExpectedItem {
        ExpectedItem(line: line, fields: fields.map { .init(name: $0.key, value: $0.value, line: line) })
    }

    private func failures(
        _ events: [EntryItem], letters: [EntryItem] = [], _ expectation: MappingExpectation
    ) -> [MappingCheck.Failure] {
        let step = MappingStep(
            line: 1, input: .frames([]), receivedAt: Timestamp(milliseconds: 0), expectation: expectation)
        return MappingCheck(outcome: .init(events: events, letters: letters)).failures(of: step)
    }

    private var home: EntryItem { item(["type": "odds_change", "option_id": "home"]) }
    private var away: EntryItem { item(["type": "odds_change", "option_id": "away"]) }

    @Test func `only what is named must be equal, in order, with others in between`() {
        let draw = item(["type": "odds_change", "option_id": "draw"])
        let wanted = [expected(2, ["option_id": "home"]), expected(3, ["option_id": "away"])]
        #expect(failures([home, draw, away], .init(events: wanted)).isEmpty)
        let disorder = failures([away, home], .init(events: wanted))
        #expect(disorder.map(\.line) == [3] && disorder.first?.message.contains("too early") == true)
        #expect(failures([home], .init(events: [wanted[0], wanted[0]])).map(\.line) == [2], "one for each")
    }

    @Test func `exactly means that there are no others`() {
        let wanted = [expected(2, ["option_id": "home"])]
        let others = failures([home, away], .init(events: wanted, isExact: true))
        #expect(others.map(\.message) == ["1 event more than expected:"] && others.first?.details == [away.json])
        #expect(failures([], .init(isExact: true)).isEmpty)
        #expect(failures([home], .init(isExact: true)).count == 1, "none expected")
        #expect(failures([home], .init()).isEmpty, "nothing said")
    }

    @Test func `counts are held against all events`() {
        #expect(failures([home, away], .init(count: 2)).isEmpty)
        #expect(failures([home], .init(count: 2)).map(\.message) == ["expected 2 events, got 1"])
    }

    @Test func `letters that nobody expects are failures`() {
        let letter = item(["reason": "bad_value", "detail": "odd: 0.5 is below 1"])
        #expect(failures([], letters: [letter], .init()).map(\.message) == ["1 letter more than expected:"])
        let wanted = expected(4, ["reason": "bad_value", "detail": "0.5"])
        #expect(failures([], letters: [letter], .init(letters: [wanted])).isEmpty, "part of the detail is enough")
        #expect(failures([], letters: [], .init(letters: [wanted])).map(\.message) == ["there is no letter"])
        #expect(failures([], letters: [letter, letter], .init(letters: [wanted])).count == 1)
    }

    @Test func `the closest one is shown, with what is different`() throws {
        let first = item(["type": "settlement", "option_id": "home", "result": "won"])
        let wanted = expected(7, ["type": "odds_change", "option_id": "home", "status": "open"])
        let close = item(["type": "odds_change", "option_id": "home", "status": "closed"])
        let failure = try #require(failures([first, away, close], .init(events: [wanted])).first)
        #expect(failure.line == 7)
        #expect(failure.details == ["  status  expected open  got closed", "of \(close.json)"])
    }

    @Test(arguments: [
        ("2.5", "2.50", true), ("2", "2", true), ("2.5", "2.51", false), ("2.5x", "2.5", false), ("true", "true", true),
        ("", "0", false), ("1e3", "1000", false),
    ])
    func `numbers are equal by value`(value: String, actual: String, isMet: Bool) {
        let differences = MappingCheck.differences(
            expected(1, ["odd": value]), item(["odd": actual], isText: false))
        #expect(differences.isEmpty == isMet)
    }

    @Test func `texts are equal by text, times by value, and what is not there is told`() {
        let actual = item(["start_time": "2026-03-07T15:00:00.000Z", "option_id": "1.50"])
        #expect(MappingCheck.differences(expected(1, ["start_time": "2026-03-07T16:00:00+01:00"]), actual).isEmpty)
        #expect(MappingCheck.differences(expected(1, ["start_time": "2026-03-07T15:00:01Z"]), actual).count == 1)
        #expect(MappingCheck.differences(expected(1, ["option_id": "1.5"]), actual).count == 1)
        #expect(MappingCheck.differences(expected(1, ["odd": nil]), actual).isEmpty)
        #expect(
            MappingCheck.differences(expected(1, ["odd": "2", "option_id": nil]), actual) == [
                .init(name: "odd", expected: "2", actual: "(not there)"),
                .init(name: "option_id", expected: "(not there)", actual: "1.50"),
            ])
    }
}
