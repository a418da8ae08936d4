import Logging
import Synchronization
import Telemetry
import Testing

struct LogfmtHandlerTests {
    /// What was written, at times that the test sets.
    private final class Tape: Sendable {
        private let lines = Mutex<[String]>([])
        private let time = Mutex<Int64>(1_777_660_200_123_456)

        func logger(_ level: Logger.Level = .info) -> Logger {
            let output = LogOutput(now: { self.time.withLock { $0 } }) { text in
                self.lines.withLock { $0 += text.split(separator: "\n").map(String.init) }
            }
            return Logger(label: "touchline.test") { LogfmtHandler(label: $0, level: level, output: output) }
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
            #"ts=2026-05-01T18:30:00.123Z level=info msg="started" logger=touchline.test empty="" equation="a=b" "#
            + #"rows=12 stage=writer why="all is well""#
        #expect(tape.raw == [expected])
    }

    @Test func aMessageIsOneLineWhateverIsInIt() {
        let tape = Tape()
        tape.logger().info("first\nsecond\t\"quoted\" \\ \u{1b}[31m", metadata: ["odd key=": "é"])
        #expect(
            tape.take() == [
                #"level=info msg="first\nsecond\t\"quoted\" \\ \u001b[31m" logger=touchline.test odd_key_=é"#
            ])
    }

    @Test func levelsBelowTheThresholdAreSilent() {
        let tape = Tape()
        let logger = tape.logger(.warning)
        logger.info("nothing")
        logger.warning("something")
        #expect(tape.take().count == 1)
    }

    @Test func anErrorIsNamed() {
        struct Refused: Error, CustomStringConvertible { var description: String { "connection refused" } }
        let tape = Tape()
        tape.logger().error("connect failed", error: Refused())
        #expect(tape.take().first?.contains(#"error="connection refused""#) == true)
    }

    @Test func equalWarningsAreWrittenOncePerTenSeconds() {
        let tape = Tape()
        let logger = tape.logger()
        for _ in 0..<5 { logger.warning("redis is away", metadata: ["feed": "a"]) }
        logger.warning("redis is away", metadata: ["feed": "b"])
        #expect(tape.take().count == 2)
        tape.advance(seconds: 9)
        logger.warning("redis is away", metadata: ["feed": "a"])
        #expect(tape.take().isEmpty)
        tape.advance(seconds: 1)
        logger.warning("redis is away", metadata: ["feed": "a"])
        #expect(tape.take() == [#"level=warning msg="redis is away" logger=touchline.test feed=a suppressed=5"#])
        tape.advance(seconds: 1)
        logger.warning("redis is away", metadata: ["feed": "a"])
        #expect(tape.take().isEmpty)
    }

    @Test func whatWasSuppressedLastIsToldWithTheNextLine() {
        let tape = Tape()
        let logger = tape.logger()
        for _ in 0..<3 { logger.error("full") }
        _ = tape.take()
        tape.advance(seconds: 30)
        logger.info("drained")
        #expect(
            tape.take() == [
                #"level=error msg="full" logger=touchline.test suppressed=2"#,
                #"level=info msg="drained" logger=touchline.test"#,
            ])
    }

    @Test func informationIsNeverSuppressed() {
        let tape = Tape()
        for _ in 0..<3 { tape.logger().info("again") }
        #expect(tape.take().count == 3)
    }

    @Test func manyDifferentWarningsAreAllWritten() {
        let tape = Tape()
        let logger = tape.logger()
        for number in 0..<1000 { logger.warning("w\(number)") }
        #expect(tape.take().count == 1000)
    }

    @Test func secretsAreNotPrinted() {
        let tape = Tape()
        tape.logger().info(
            "using postgresql://app:hunter2@db/touchline",
            metadata: ["jwt_secret": "hunter2", "url": "x?token=hunter2"])
        #expect(!tape.raw.joined().contains("hunter2"))
        #expect(tape.raw.joined().contains("postgresql://app:***@db/touchline"))
    }
}
