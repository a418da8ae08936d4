import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// One owner of a feed at a time: whoever dies, sleeps or comes back, every message is there once.
@Suite(.serialized) struct OwnershipTests {
    private static func configuration(redis: RedisServer, url: String, book: SportsbookServer) async throws -> String {
        """
        redis: { url: "\(redis.url)" }
        postgres: { url: "\(url)" }
        operations: { listen: "127.0.0.1:0" }
        feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
        """
    }

    private static func expectAll(_ load: LoadConfiguration, _ stages: StageProcesses, _ url: String) async throws {
        let database = PipelineDatabase(url)
        let count = load.total ?? 0
        try await database.untilRows(reach: count, seconds: 600)
        try await NumberedRows.expectAll(
            of: load, count: count, in: database.name, of: try await TestServers.postgres())
        #expect(try await database.count("gaps") == 0)
        let audit = try await stages.run(["verify"])
        #expect(audit.code == 0, "\(audit.output)")
        await stages.expectCleanEnd()
    }

    /// The process that holds the feed's lease, as `status` names it: `<host>-<process id>`.
    private static func owner(_ role: String, _ stages: StageProcesses) async throws -> pid_t? {
        let status = try await stages.run(["status", "--json"])
        let feeds = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [[String: Any]]
        let owner = feeds?.first?[role] as? String
        return owner.flatMap { $0.split(separator: "-").last }.flatMap { pid_t($0) }
    }

    private static func newOwner(than old: pid_t?, _ role: String, _ stages: StageProcesses) async throws -> pid_t {
        for _ in 0..<150 {
            if let now = try await owner(role, stages), now != old { return now }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CocoaError(.featureUnsupported)
    }

    /// Processes that know other feeds are no reason to give one up, and leave none without an owner.
    @Test(.timeLimit(.minutes(3))) func aFeedKeepsAnOwnerWhateverFeedsTheOthersKnow() async throws {
        let redis = try await TestServers.redis()
        let prefix = RandomName.next("lists")
        func processes(_ feeds: String...) throws -> StageProcesses {
            let lines = feeds.map { "\($0): { provider: sportsbook, url: \"ws://127.0.0.1:1\", streams: [odds] }" }
            return try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(prefix)" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds: { \(lines.joined(separator: ", ")) }
                    """)
        }
        func owner(_ feed: String) async throws -> String {
            try await ChildProcess.run("redis-cli", ["-u", redis.url, "GET", "\(prefix):{\(feed)}:owner:processor"])
                .output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let (both, other, second) = (try processes("a", "b"), try processes("c"), try processes("a", "b"))
        try await other.start("process")
        try await Task.sleep(for: .seconds(3))
        try await both.start("process")
        try await Task.sleep(for: .seconds(5))
        let first = try await owner("a")
        #expect(!first.isEmpty)
        #expect(try await owner("b") == first)
        #expect(try await owner("c") != "")
        for _ in 0..<8 {
            try await Task.sleep(for: .seconds(1))
            #expect(try await owner("a") == first)
            #expect(try await owner("b") == first)
        }
        // One that does know them gets its part.
        try await second.start("process")
        var owners = [first, first]
        for _ in 0..<100 where owners[0] == owners[1] {
            try await Task.sleep(for: .milliseconds(100))
            owners = [try await owner("a"), try await owner("b")]
        }
        #expect(owners[0] != owners[1])
        for stages in [both, other, second] { await stages.expectCleanEnd() }
    }

    @Test(.timeLimit(.minutes(20)), arguments: [("feed", "feedOwner"), ("process", "processorOwner")])
    func aSuccessorTakesOverAndTheSleeperDoesNoHarm(stage: String, role: String) async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let load = LoadConfiguration(total: Int64(Soak.rounds) * (Soak.isOn ? 90_000 : 36_000), rate: 3_000)
            let book = SportsbookServer(SportsbookConfiguration(.load(load)))
            let stages = try StageProcesses(
                configuration: try await Self.configuration(redis: redis, url: url, book: book))
            #expect(try await stages.run(["migrate"]).code == 0)
            for other in ["feed", "process", "write"] where other != stage { try await stages.start(other) }
            try await stages.start(stage, as: "first")
            try await stages.start(stage, as: "second")
            var owner = try await Self.newOwner(than: nil, role, stages)
            for round in 0..<Soak.rounds {
                let signal = round.isMultiple(of: 2) ? SIGSTOP : SIGKILL
                try await Task.sleep(for: .seconds(1))
                let name = try #require(await stages.name(of: owner))
                await stages.signal(name, signal)
                let successor = try await Self.newOwner(than: owner, role, stages)
                #expect(successor != owner)
                if signal == SIGSTOP {
                    if Soak.isOn { try await Task.sleep(for: .seconds(12)) }
                    await stages.signal(name, SIGCONT)
                } else {
                    try await stages.start(stage, as: name)
                }
                owner = successor
            }
            try await Self.expectAll(load, stages, url)
            await book.stop()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func aRedisThatComesBackOlderCostsNothing() async throws {
        try await Self.comeBackOlder { _, redis in try await redis.comeBackOlder() }
    }

    /// What Redis lost nobody can append again: the provider says it once more, and Postgres has it already.
    @Test(.timeLimit(.minutes(10)))
    func aFeedThatDiesWithAnOlderRedisCostsNothing() async throws {
        try await Self.comeBackOlder { stages, redis in
            try await redis.comeBackOlder { await stages.kill("feed") }
            try await stages.start("feed")
        } check: { database in
            let held = try await database.lines("SELECT held FROM resumed_terms WHERE NOT isempty(held)")
            #expect(!held.isEmpty, "nothing was repeated: the test has shown nothing")
        }
    }

    private static func comeBackOlder(
        _ strike: (StageProcesses, RedisServer) async throws -> Void,
        check: (PipelineDatabase) async throws -> Void = { _ in }
    ) async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let load = LoadConfiguration(total: Int64(Soak.rounds) * 20_000, rate: 4_000)
            let book = SportsbookServer(SportsbookConfiguration(.load(load)))
            let stages = try StageProcesses(
                configuration: try await Self.configuration(redis: redis, url: url, book: book))
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            try await PipelineDatabase(url).untilRows(reach: 3_000)
            for _ in 0..<Soak.rounds {
                try await strike(stages, redis)
                try await Task.sleep(for: .seconds(2))
            }
            try await Self.expectAll(load, stages, url)
            try await check(PipelineDatabase(url))
            await book.stop()
        }
        await redis.stop()
    }
}
