import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// `touchline top` on a terminal of 80 × 24 while something goes wrong and is mended.
@Suite struct TopScreenTests {
    /// What a terminal shows, screen after screen.
    private final class Screen {
        private let terminal: PseudoTerminal
        private var shown = ""

        init(_ terminal: PseudoTerminal) { self.terminal = terminal }

        /// Every screen that was drawn completely, as lines without their colours.
        var all: [[String]] {
            shown += terminal.shown()
            return shown.split(separator: "\u{1B}[H").dropFirst().dropLast().map { screen in
                // The terminal adds a carriage return of its own to each line.
                screen.split(separator: "\r\n").map { String($0.replacing(/\e\[[?0-9]*[A-Za-z]|\r/, with: "")) }
            }
        }

        /// Waits for a screen for which this is true, and returns it.
        func until(_ what: String, _ condition: ([String]) -> Bool) async throws -> [String] {
            for _ in 0..<600 {
                if let screen = all.last, condition(screen) { return screen }
                try await Task.sleep(for: .milliseconds(100))
            }
            Issue.record("\(what) is not on the screen within a minute: \(all.last ?? [])")
            return []
        }
    }

    /// The writer's lag and pending entries, as `top` prints them.
    private static func backlog(_ screen: [String]) -> (lag: String, pending: String) {
        let line = screen.first { $0.hasPrefix("  writer ") } ?? ""
        func cell(from column: Int, width: Int) -> String {
            line.dropFirst(column).prefix(width).trimmingCharacters(in: .whitespaces)
        }
        return (cell(from: 30, width: 7), cell(from: 43, width: 8))
    }

    @Test(.timeLimit(.minutes(3))) func `a backlog drains and a feed goes stale, on 80 by 24`() async throws {
        let redis = try await TestServers.redis()
        // It lives on when it has said everything: only its prices have stopped then.
        let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: 5_000, rate: 400))))
        let address = try await book.start()
        try await TestServers.withDatabase { url in
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("top"))" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feed_client: { spool: { enabled: false } }
                    feeds: { book: { provider: sportsbook, url: "\(address)", streams: [odds], stale_after: 2s } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process"] { try await stages.start(stage) }
            let terminal = try PseudoTerminal(columns: 80, rows: 24)
            let top = try await stages.start(["top", "--interval", "0.2"], on: terminal)
            let screen = Screen(terminal)

            let behind = try await screen.until("a backlog") { (Int(Self.backlog($0).lag) ?? 0) >= 300 }
            #expect(behind.contains { $0.hasPrefix("book: live") }, "\(behind)")
            try await stages.start("write")
            _ = try await screen.until("the end of the backlog") { Self.backlog($0) == ("0", "0") }

            let stale = try await screen.until("a feed that went stale") { lines in
                lines.contains { $0.hasPrefix("book: ") && !$0.hasPrefix("book: live") }
                    && lines.contains { $0.hasPrefix("  why: no odds for ") }
            }
            #expect(!stale.isEmpty)

            terminal.press("q")
            #expect(await top.end(with: SIGWINCH, killAfter: .seconds(20)).isSuccess)
            for lines in screen.all {
                #expect(lines.count <= 24, "\(lines)")
                for line in lines { #expect(line.count <= 80, "\(line)") }
            }
            await stages.expectCleanEnd()
        }
        await book.stop()
    }
}
