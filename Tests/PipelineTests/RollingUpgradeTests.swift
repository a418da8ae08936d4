import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// An upgrade as docs/ops.md has it: two processes of each stage, replaced one at a time while messages come and subscribers
/// listen.
@Suite(.serialized) struct RollingUpgradeTests {
    private static let rate = Soak.isOn ? 20_000.0 : 1_000.0
    private static let messages = Int64(rate) * (Soak.isOn ? 60 : 14)
    private static let rounds = Soak.isOn ? 2 : 1
    /// Readers first, as docs/ops.md asks for.
    private static let stages = ["broadcast", "write", "process", "feed"]
    /// What a subscriber may have to do without a feed, at most.
    private static let longestOutage = Duration.seconds(12)

    @Test(.timeLimit(.minutes(15))) func `every process is replaced and nothing is lost, doubled or down for long`()
        async throws
    {
        let redis = try await RedisServer.start()
        // Few fixtures, so that each selection changes often and subscribers hear of each.
        let load = LoadConfiguration(total: Self.messages, rate: Self.rate, fixtures: 64)
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        let address = try await book.start()
        try await TestServers.withDatabase { url in
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    feed_client: { spool: { enabled: false } }
                    feeds: { book: { provider: sportsbook, url: "\(address)", streams: [odds] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            let upgrade = try Upgrade(stages: stages, database: PipelineDatabase(url))
            try await upgrade.run(load: load, rounds: Self.rounds)
        }
        await book.stop()
        await redis.stop()
    }

    /// The pipeline under the upgrade, and those who watch it.
    private struct Upgrade {
        let stages: StageProcesses
        let database: PipelineDatabase
        let diary = ReadinessDiary()
        let subscribers: [StayingSubscriber]
        private let broadcasterPorts: [Int]

        init(stages: StageProcesses, database: PipelineDatabase) throws {
            self.stages = stages
            self.database = database
            let ports = [try FreePort.find(), try FreePort.find()]
            broadcasterPorts = ports
            let urls = ports.map { "ws://127.0.0.1:\($0)/v1/ws" }
            // One at each server to begin with.
            subscribers = [urls, urls.reversed()].map { StayingSubscriber($0, feed: "book") }
        }

        func run(load: LoadConfiguration, rounds: Int) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await diary.run() }
                try await startAll()
                for subscriber in subscribers { group.addTask { await subscriber.run() } }
                for subscriber in subscribers { try await Self.wait("a subscriber") { await subscriber.isLive } }
                for _ in 0..<rounds { try await replaceAll() }
                // What is replaced when nothing comes any more shows nothing.
                if Soak.isOn { #expect(try await database.count("odds_ticks") < load.total ?? 0, "too late") }
                try await checkPipeline(load)
                try await checkSubscribers(load)
                group.cancelAll()
            }
            await checkReadiness()
            await stages.expectCleanEnd()
        }

        // MARK: Replacing

        private func startAll() async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for stage in RollingUpgradeTests.stages {
                    for number in 1...2 { group.addTask { try await start(stage, number) } }
                }
                try await group.waitForAll()
            }
        }

        private func replaceAll() async throws {
            for stage in RollingUpgradeTests.stages {
                for number in 1...2 {
                    let name = "\(stage)-\(number)"
                    let outcome = await stages.end(name, with: SIGTERM)
                    await diary.ended(name)
                    #expect(outcome?.isSuccess == true, "\(name) ended with \(String(describing: outcome))")
                    try await start(stage, number)
                }
            }
        }

        /// Returns when the new process says that it is ready, and has shown that it is.
        private func start(_ stage: String, _ number: Int) async throws {
            let (name, port) = ("\(stage)-\(number)", try FreePort.find())
            var environment = ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:\(port)"]
            if stage == "broadcast" {
                environment["TOUCHLINE_BROADCASTER_LISTEN"] = "127.0.0.1:\(broadcasterPorts[number - 1])"
            }
            await diary.began(name, port: port)
            try await stages.start(stage, as: name, environment: environment)
            try await Self.wait(name) { await diary.isReady(name) }
            guard stage == "broadcast" else { return }
            let feeds = try await stages.shell(
                "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:\(broadcasterPorts[number - 1])/v1/feeds")
            #expect(feeds.output == "200", "\(name) is ready and does not serve: \(feeds.output)")
        }

        private static func wait(_ who: String, _ condition: () async -> Bool) async throws {
            for _ in 0..<1_200 {
                if await condition() { return }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("\(who) is not ready within a minute")
            throw CocoaError(.featureUnsupported)
        }

        // MARK: Afterwards

        private func checkPipeline(_ load: LoadConfiguration) async throws {
            let count = load.total ?? 0
            try await database.untilRows(reach: count, seconds: 300)
            try await NumberedRows.expectAll(
                of: load, count: count, in: database.name, of: try await TestServers.postgres())
            #expect(try await database.lines("SELECT kind, cause FROM gaps").isEmpty)
            #expect(try await database.count("dead_letters") == 0)
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
        }

        /// They have what the last message about each selection said.
        private func checkSubscribers(_ load: LoadConfiguration) async throws {
            let expected = RollingUpgradeTests.finalPrices(load)
            for (index, subscriber) in subscribers.enumerated() {
                var wrong = expected
                for _ in 0..<100 where !wrong.isEmpty {
                    try await Task.sleep(for: .milliseconds(100))
                    let prices = RollingUpgradeTests.prices(await subscriber.rows)
                    wrong = expected.filter { prices[$0.key] != $0.value }
                }
                #expect(wrong.isEmpty, "subscriber \(index) has other prices: \(wrong.prefix(3))")
                #expect(await subscriber.resets == [], "subscriber \(index)")
                #expect(await subscriber.holes == 0, "subscriber \(index)")
                #expect(await subscriber.resumes > 0, "subscriber \(index) never resumed")
                let outage = await subscriber.longestOutage
                #expect(outage <= RollingUpgradeTests.longestOutage, "subscriber \(index)")
            }
        }

        /// Not ready, then ready until it is told to end, then never again.
        private func checkReadiness() async {
            for (name, answers) in await diary.endings {
                #expect(answers.wholeMatch(of: /[sn]*r[ns]*/) != nil, "\(name) answered \(answers)")
            }
            for (name, answers) in await diary.running {
                #expect(answers.wholeMatch(of: /[sn]*r/) != nil, "\(name), which runs, answered \(answers)")
            }
            #expect(await diary.drains > 0, "nobody who drained said so")
        }
    }

    // MARK: Prices

    /// By lane, market, line and option.
    private static func finalPrices(_ load: LoadConfiguration) -> [String: Double] {
        let last = load.total ?? 0
        let numbers = max(1, last - Int64(load.selections) + 1)...last
        return Dictionary(
            numbers.map { number in
                let row = load.expectation(number)
                let line = row.line.map { "\($0)" } ?? "-"
                let key = "book|\(row.fixtureID) \(row.marketType) \(line) \(row.optionID)"
                return (key, Double("\(row.odd)") ?? 0)
            }, uniquingKeysWith: { $1 })
    }

    private static func prices(_ rows: [SubscriberRows.Row]) -> [String: Double] {
        Dictionary(
            rows.map { row in
                let words = ["ln", "market", "line", "option"].map { row[$0] ?? "-" }
                return (words.joined(separator: " "), row["p"].flatMap { Double($0) } ?? 0)
            }, uniquingKeysWith: { $1 })
    }
}
