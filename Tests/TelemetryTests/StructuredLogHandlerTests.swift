import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

struct StructuredLogHandlerTests {
    /// What was written, at times that the test sets.
    private final class Tape: Sendable {
        private let lines = Mutex<[String]>([])
        private let time = Mutex<Int64>(1_777_660_200_123_456)

        func output(_ change: (inout LogSettings) -> Void = { _ in }) -> LogOutput {
            var settings = LogSettings()
            change(&settings)
            return LogOutput(settings, now: { self.time.withLock { $0 } }) { text in
                self.lines.withLock { $0 += text.split(separator: "\n").map(String.init) }
            }
        }

        func logger(_ format: LogFormat = .logfmt) -> Logger {
            let output = output { $0.format = format }
            return Logger(label: "touchline.test") { StructuredLogHandler(label: $0, output: output) }
        }

        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000 } }

        /// The lines so far, without their times; forgets them.
        func take() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines.map { String($0.drop { $0 != " " }.dropFirst()) }
            }
        }

        var raw: [String] { lines.withLock { $0 } }
    }

    @Test func aLineIsLogfmt() {
        let tape = Tape()
        var logger = tape.logger()
        logger[metadataKey: "stage"] = "writer"
        logger.info("started", metadata: ["rows": "12", "why": "all is well", "empty": "", "equation": "a=b"])
        let expected =
            #"ts=2026-05-01T18:30:00.123Z level=info msg="started" component=test empty="" equation="a=b" "#
            + #"rows=12 stage=writer why="all is well""#
        #expect(tape.raw == [expected])
    }

    @Test func aMessageIsOneLineWhateverIsInIt() {
        let tape = Tape()
        tape.logger().info("first\nsecond\t\"quoted\" \\ \u{1b}[31m", metadata: ["odd key=": "é"])
        #expect(
            tape.take() == [
                #"level=info msg="first\nsecond\t\"quoted\" \\ \u001b[31m" component=test odd_key_=é"#
            ])
    }

    @Test func aLineIsJSON() throws {
        struct Line: Decodable, Equatable {
            var ts: String
            var level: String
            var component: String
            var msg: String
            var feed: String
            var why: String
            var level_: String
            var suppressed: Int?
        }
        let tape = Tape()
        let logger = tape.logger(.json)
        for _ in 0..<3 {
            logger.warning(
                "a \"b\"\n\u{1b}\u{2028}", metadata: ["feed": "a", "why": "c\\d\té", "level": "of the sea"])
            tape.advance(seconds: 5)
        }
        var expected = Line(
            ts: "2026-05-01T18:30:00.123Z", level: "warning", component: "test", msg: "a \"b\"\n\u{1b}\u{2028}",
            feed: "a", why: "c\\d\té", level_: "of the sea")
        let lines = try tape.raw.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.first == expected)
        expected.ts = "2026-05-01T18:30:10.123Z"
        expected.suppressed = 1
        #expect(lines.dropFirst() == [expected])
    }

    @Test func aLineForPeopleHasNoMoreThanTheyNeed() {
        let tape = Tape()
        tape.logger(.text).error("redis is away", metadata: ["feed": "a", "error": "no route"])
        #expect(tape.raw == [#"2026-05-01T18:30:00.123Z ERROR test: redis is away error="no route" feed=a"#])
    }

    @Test func eachComponentHasItsLevelAndItMayChange() {
        let tape = Tape()
        let output = tape.output { settings in
            settings.level = .warning
            settings.levels["writer"] = .debug
        }
        func logger(_ label: String) -> Logger {
            Logger(label: label) { StructuredLogHandler(label: $0, output: output) }
        }
        let (writer, process) = (logger("touchline.writer"), logger("touchline"))
        writer.debug("rows")
        writer.trace("bytes")
        process.info("started")
        #expect(tape.take() == [#"level=debug msg="rows" component=writer"#])
        var settings = LogSettings()
        settings.levels["writer"] = .error
        output.apply(settings)
        writer.warning("slow")
        process.info("reloaded")
        logger("touchline.writer").warning("slow")
        #expect(tape.take() == [#"level=info msg="reloaded" component=touchline"#])
    }

    @Test func aLevelThatALoggerWasGivenIsItsOwn() {
        let tape = Tape()
        var logger = tape.logger()
        logger.logLevel = .error
        logger.warning("nothing")
        #expect(logger.logLevel == .error && tape.take().isEmpty)
    }

    @Test func anErrorIsNamed() {
        struct Refused: Error, CustomStringConvertible { var description: String { "connection refused" } }
        let tape = Tape()
        tape.logger().error("connect failed", error: Refused())
        #expect(tape.take().first?.contains(#"error="connection refused""#) == true)
    }

    @Test func likeWarningsAreWrittenOncePerTenSeconds() {
        let tape = Tape()
        let logger = tape.logger()
        for delay in 0..<5 { logger.warning("redis is away", metadata: ["feed": "a", "delay": "\(delay)"]) }
        logger.warning("redis is away", metadata: ["feed": "b"])
        logger.error("redis is away", metadata: ["feed": "a"])
        #expect(tape.take().count == 3)
        tape.advance(seconds: 9)
        logger.warning("redis is away", metadata: ["feed": "a"])
        #expect(tape.take().isEmpty)
        tape.advance(seconds: 1)
        logger.warning("redis is away", metadata: ["feed": "a"])
        #expect(tape.take() == [#"level=warning msg="redis is away" component=test feed=a suppressed=5"#])
        tape.advance(seconds: 1)
        logger.warning("redis is away", metadata: ["feed": "a"])
        #expect(tape.take().isEmpty)
    }

    @Test func whatWasSuppressedLastIsToldWithTheNextLine() {
        let tape = Tape()
        let logger = tape.logger()
        for number in 0..<4 { logger.error("full", metadata: ["number": "\(number)"]) }
        _ = tape.take()
        tape.advance(seconds: 30)
        logger.info("drained")
        #expect(
            tape.take() == [
                #"level=error msg="full" component=test number=3 suppressed=2"#,
                #"level=info msg="drained" component=test"#,
            ])
        logger.error("full")
        #expect(tape.take().isEmpty, "it was written a moment ago")
    }

    @Test func onlyEqualInformationIsSuppressed() {
        let tape = Tape()
        for number in [1, 1, 2] { tape.logger().info("again", metadata: ["number": "\(number)"]) }
        let logger = tape.logger()
        for number in [1, 1, 2] { logger.info("again", metadata: ["number": "\(number)"]) }
        #expect(tape.take().count == 5, "each logger here has an output of its own")
    }

    @Test func whatSomebodyAskedForIsNeverSuppressed() {
        let tape = Tape()
        let logger = tape.logger()
        for _ in 0..<3 { logger.error("refused", metadata: ["asked": "SIGHUP"]) }
        #expect(tape.take().count == 3)
    }

    @Test func whatGivesWayToOthersIsToldFirst() {
        let tape = Tape()
        let logger = tape.logger()
        for _ in 0..<3 { logger.warning("first") }
        tape.advance(seconds: 1)
        for number in 0..<256 { logger.warning("w\(number)") }
        let lines = tape.take()
        let told = lines.filter { $0.hasPrefix(#"level=warning msg="first""#) }
        #expect(told.last == #"level=warning msg="first" component=test suppressed=1"# && told.count == 2)
    }

    @Test func manyDifferentWarningsAreAllWritten() {
        let tape = Tape()
        let logger = tape.logger()
        for number in 0..<1000 { logger.warning("w\(number)") }
        #expect(tape.take().count == 1000)
    }

    @Test func secretsAreNotPrinted() {
        let tape = Tape()
        SecretMask.hide("correct horse")
        tape.logger().info(
            "using postgresql://app:hunter2@db/touchline",
            metadata: ["jwt_secret": "hunter2", "url": "x?token=hunter2", "error": "who is correct horse?"])
        #expect(!tape.raw.joined().contains("hunter2"))
        #expect(tape.raw.joined().contains("postgresql://app:***@db/touchline"))
        #expect(tape.raw.joined().contains(#"error="who is ***?""#))
    }
}
