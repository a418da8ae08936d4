import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// Redis has a bound: history gives way before it, and behind a Writer that stands still everything waits, up to the socket.
@Suite(.serialized)
struct RedisMemoryTests {
    private static let memory = Soak.isOn ? 2 << 30 : 64 << 20
    private static let messages: Int64 = Soak.isOn ? 20_000_000 : 600_000

    private struct Chain {
        let load: LoadConfiguration
        let redis: RedisServer
        let book: SportsbookServer
        let stages: StageProcesses

        static func start(url: String, memory: Int, messages: Int64) async throws -> Chain {
            var options = RedisServer.Options()
            options.maximumMemoryBytes = memory
            let redis = try await RedisServer.start(options: options)
            let load = LoadConfiguration(total: messages)
            var configuration = SportsbookConfiguration(.load(load))
            configuration.messagesPerFrame = 16
            let book = SportsbookServer(configuration)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feed_client: { spool: { enabled: false } }
                    feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process"] { try await stages.start(stage) }
            return Chain(load: load, redis: redis, book: book, stages: stages)
        }

        /// Bytes that Redis uses for data.
        func usedMemory() async throws -> Int {
            let said = try await ChildProcess.run("redis-cli", ["-u", redis.url, "INFO", "memory"]).output
            let line = said.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
            return line.flatMap { Int($0.dropFirst("used_memory:".count)) } ?? .max
        }

        func end() async {
            await stages.expectCleanEnd()
            await book.stop()
            await redis.stop()
        }
    }

    private static func mean(_ samples: some Collection<Int>) -> Double {
        Double(samples.reduce(0, +)) / Double(max(samples.count, 1))
    }

    @Test(.timeLimit(.minutes(15))) func memoryStaysLevelHoweverMuchFlows() async throws {
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(url: url, memory: Self.memory, messages: Self.messages)
            try await chain.stages.start("write")
            var samples: [Int] = []
            var messages: [Int64] = []
            repeat {
                try await Task.sleep(for: .seconds(1))
                samples.append(try await chain.usedMemory())
                messages.append(await chain.book.statistics().messages)
            } while messages.last ?? 0 < Self.messages && samples.count < 800
            try await database.untilRows(reach: Self.messages, seconds: 120)
            // Full for the first time: it is warm.
            let full = samples.firstIndex { $0 > Self.memory * 3 / 4 } ?? samples.count
            let warm = samples[full...].dropLast(2)
            let (lowest, highest) = (warm.min() ?? 0, warm.max() ?? 0)
            print("Redis used \(lowest >> 20) to \(highest >> 20) MiB of \(Self.memory >> 20) in \(warm.count) s, warm")
            // It swings by what is appended between two checkpoints of the decoder, up to which `raw` is kept; of little memory
            // that is much, so that Redis may refuse some of it for a moment.
            if Soak.isOn {
                let (early, late) = (Self.mean(warm.prefix(warm.count / 2)), Self.mean(warm.suffix(warm.count / 2)))
                #expect(warm.count >= 20 && abs(late - early) < early / 10, "\(warm)")
            }
            #expect(try await database.count("odds_ticks") == Self.messages)
            #expect(try await database.value("SELECT count(DISTINCT position) FROM odds_ticks") == "\(Self.messages)")
            #expect(try await database.count("gaps") == 0)
            await chain.end()
        }
    }

    @Test(.timeLimit(.minutes(15))) func aWriterThatStandsStillStopsTheSocketAndNothingIsLost() async throws {
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let messages = Self.messages / (Soak.isOn ? 4 : 2)
            let memory = Soak.isOn ? 512 << 20 : 64 << 20
            let chain = try await Chain.start(url: url, memory: memory, messages: messages)
            var sent: [Int64] = []
            // Until nothing has been taken from the socket for five seconds.
            while sent.count < 120, sent.count < 6 || Set(sent.suffix(6)).count > 1 || sent.last == 0 {
                try await Task.sleep(for: .seconds(1))
                sent.append(await chain.book.statistics().messages)
            }
            #expect(sent.last ?? 0 < messages, "the socket was read although nobody could take it: \(sent)")
            #expect(try await chain.usedMemory() <= memory + memory / 50)
            for stage in ["feed", "process"] {
                let resident = ProcessTable.residentBytes(of: try #require(await chain.stages.pid(of: stage))) ?? .max
                #expect(resident < 200 << 20, "\(stage) has \(resident >> 20) MiB: what waits is in its memory")
            }
            try await chain.stages.start("write")
            try await database.untilRows(reach: messages, seconds: 300)
            try await NumberedRows.expectAll(
                of: chain.load, count: messages, in: database.name, of: try await TestServers.postgres())
            #expect(try await database.count("gaps") == 0)
            #expect(try await chain.stages.run(["verify"]).code == 0)
            await chain.end()
        }
    }
}
