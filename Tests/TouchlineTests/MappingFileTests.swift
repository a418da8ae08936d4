import FeedModel
import Testing

@testable import Touchline

@Suite struct MappingFileTests {
    private static let frame = #"{"type":"odds_change","seq":1}"#

    private static func yaml(_ step: String) -> String {
        "provider: sportsbook\nframes:\n  - frame: '\(frame)'\n    \(step)"
    }

    @Test func `a file without cases is one case`() throws {
        let now = Timestamp(milliseconds: 5_000)
        let cases = try MappingFile.read(
            """
            provider: kalshi
            feed: book-a
            name: only
            frames:
              - frame: |
                  {"a":
                   1}
              - frame: 'PONG'
                received_at: 2026-03-07T14:30:00Z
              - control: snapshot_ended
            """, path: "x.yaml", now: now)
        let only = try #require(cases.first)
        #expect(cases.count == 1 && only.name == "only" && only.provider == "kalshi" && only.feed.text == "book-a")
        #expect(only.steps.map(\.line) == [5, 8, 10])
        let later = Timestamp(rfc3339: "2026-03-07T14:30:00Z")
        #expect(only.steps.map(\.receivedAt) == [now, later, later], "a step without a time comes with the one before")
        guard case .frames(let frames) = only.steps[0].input else { return #expect(Bool(false), "frames") }
        #expect(frames == [Array("{\"a\":\n 1}".utf8)], "as it stands, without the block's line end")
        guard case .control(.snapshotEnded) = only.steps[2].input else { return #expect(Bool(false), "control") }
    }

    @Test func `expectations keep their lines`() throws {
        let cases = try MappingFile.read(
            Self.yaml(
                """
                exactly: true
                    count: 2
                    events:
                      - type: odds_change
                        odd: 2.50
                        lay: ~
                      - { type: settlement, result: won }
                    letters: [ { reason: bad_value, detail: odd } ]
                """), path: "x.yaml")
        let expectation = try #require(cases.first?.steps.first).expectation
        #expect(expectation.isExact && expectation.count == 2)
        #expect(expectation.events.map(\.line) == [7, 10] && expectation.letters.map(\.line) == [11])
        let values = expectation.events[0].fields.map { "\($0.name) \($0.value ?? "-") \($0.line)" }
        #expect(Set(values) == ["type odds_change 7", "odd 2.50 8", "lay - 9"])
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let yaml: String
        let line: Int?
        let words: [String]
        var testDescription: String { words.joined(separator: " ") }
    }

    static let wrong = [
        Wrong(yaml: "frames: []", line: 1, words: ["'provider' is missing", "betfair"]),
        Wrong(yaml: "provider: bet\nframes: []", line: 1, words: ["'bet' must be one of", "sportsbook"]),
        Wrong(yaml: "provider: kalshi\nfeed: A\nframes: []", line: 2, words: ["'A'", "[a-z0-9-]"]),
        Wrong(yaml: "provider: kalshi", line: 1, words: ["'frames' is missing"]),
        Wrong(yaml: "provider: kalshi\ncases: []", line: 2, words: ["'cases'", "there is none"]),
        Wrong(yaml: "provider: kalshi\ncases:\n  - frames: [ { frame: x } ]\n    nam: x", line: 4, words: ["'nam'"]),
        Wrong(yaml: "provider: kalshi\nframes: [\n}", line: 3, words: ["not YAML"]),
        Wrong(yaml: "- 1", line: 1, words: ["the file must be a mapping"]),
        Wrong(yaml: yaml("exactly: maybe"), line: 4, words: ["'maybe'", "true or false"]),
        Wrong(yaml: yaml("count: -1"), line: 4, words: ["'-1'", "whole number"]),
        Wrong(yaml: yaml("event: []"), line: 4, words: ["unknown key 'event'", "events"]),
        Wrong(yaml: yaml("events: { type: settlement }"), line: 4, words: ["'events' must be a list"]),
        Wrong(yaml: yaml("events:\n      - { odd: 2 }"), line: 5, words: ["'type' is missing"]),
        Wrong(yaml: yaml("events:\n      - { type: control }"), line: 5, words: ["'control' must be one of"]),
        Wrong(yaml: yaml("events:\n      - type: settlement\n        odd: 2"), line: 6, words: ["'odd'", "result"]),
        Wrong(yaml: yaml("letters: [ { reason: wrong } ]"), line: 4, words: ["'wrong'", "bad_value"]),
        Wrong(yaml: yaml("received_at: noon"), line: 4, words: ["'noon'", "2026-01-31T15:00:00Z"]),
        Wrong(yaml: yaml("control: snapshot_ended"), line: 3, words: ["one of 'frame', 'file' and 'control'"]),
        Wrong(yaml: "provider: kalshi\nframes: [ { control: gap } ]", line: 2, words: ["'gap'", "snapshot_began"]),
        Wrong(yaml: "provider: kalshi\nframes:\n  - frame: {\"a\": 1}", line: 3, words: ["'frame' must be text"]),
        Wrong(yaml: "provider: kalshi\nframes:\n  - file: absent", line: 3, words: ["/tmp/absent cannot be read"]),
    ]

    @Test(arguments: wrong) func `what is wrong is named with its line`(wrong: Wrong) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try MappingFile.read(wrong.yaml, path: "/tmp/x.yaml")
        }
        let problems = try #require(error).problems
        let isNamed = problems.contains { problem in
            problem.line == wrong.line && wrong.words.allSatisfy { problem.message.contains($0) }
        }
        #expect(isNamed, "\(problems)")
    }

    @Test func `all problems are told at once, in the order of their lines`() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try MappingFile.read("provider: x\nfeed: A\nframes: [ { frame: y, count: z } ]", path: "x.yaml")
        }
        #expect(try #require(error).problems.map(\.line) == [1, 2, 3])
    }
}
