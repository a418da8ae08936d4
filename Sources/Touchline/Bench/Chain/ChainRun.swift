import DevServices
import FeedModel
import Foundation
import Logging
import PostgresCopy
import RedisStreams
import Sportsbook

/// How much of the chain a run measures.
enum BenchScope: String {
    case chain, feed, process, write

    /// Those that run from the beginning; backwards, so that whoever is written to is there first.
    var stages: [Stage] {
        switch self {
        case .chain: [.write, .process, .feed]
        case .feed, .process: [.feed]
        case .write: [.process, .feed]
        }
    }

    /// The stage that is measured by itself, started when all its input is there.
    var late: Stage? {
        switch self {
        case .chain, .feed: nil
        case .process: .process
        case .write: .write
        }
    }
}

/// One measured run of the chain, or of its beginning.
struct ChainRun {
    let scope: BenchScope
    let messages: Int
    let rate: Int
    let isRawAuditOn: Bool

    private static let logger: Logger = {
        var logger = Logger(label: "touchline.bench")
        logger.logLevel = .error
        return logger
    }()

    func measure() async throws -> ChainFigures {
        let servers = try await PrivateServers.start(logger: Self.logger)
        do {
            let figures = try await measure(servers)
            await servers.stop()
            return figures
        } catch {
            await servers.stop()
            throw error
        }
    }

    private func measure(_ servers: PrivateServers) async throws -> ChainFigures {
        var load = LoadConfiguration(total: Int64(messages), rate: rate > 0 ? Double(rate) : nil)
        load.isGated = true
        // Every row of the ledger is then one of the counted messages.
        load.announcesFixtures = false
        let book = SportsbookServer(SportsbookConfiguration(.load(load)), logger: Self.logger)
        let url = try await book.start()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-bench-\(getpid())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        var stages: [StageProcess] = []
        for stage in scope.stages {
            stages.append(try await StageProcess.start(stage, configuration(stage, servers, url), in: directory))
        }
        do {
            var figures = try await run(stages, servers: servers, book: book)
            if let late = scope.late {
                let stage = try await StageProcess.start(late, configuration(late, servers, url), in: directory)
                stages.append(stage)
                figures = try await runLate(stage, servers: servers)
                if late == .write {
                    figures.plainSeconds = try await PlainSchema(messages: messages).measure(on: servers.postgres)
                }
            }
            await end(stages, book: book)
            return figures
        } catch {
            await end(stages, book: book)
            throw error
        }
    }

    private func end(_ stages: [StageProcess], book: SportsbookServer) async {
        for stage in stages.reversed() { await stage.stop() }
        await book.stop()
    }

    /// Waits until everybody is idle, opens the gate, waits until the last message is committed.
    private func run(
        _ stages: [StageProcess], servers: PrivateServers, book: SportsbookServer
    ) async throws -> ChainFigures {
        try await untilSubscribed(book, stages)
        try await Task.sleep(for: .seconds(2))
        let before = await usage(stages, servers, book)
        let began = ContinuousClock.now
        await book.openGate()
        switch scope {
        case .chain: try await untilCommitted(servers, stages)
        case .feed, .process: try await untilAppended(servers, stages)
        case .write:
            try await untilAppended(servers, stages)
            try await untilForwarded(servers, stages)
        }
        let duration = ContinuousClock.now - began
        let after = await usage(stages, servers, book)
        return ChainFigures(
            scope: scope, messages: messages, rate: rate, isRawAuditOn: isRawAuditOn, seconds: duration / .seconds(1),
            processorSeconds: zip(before, after).map { before, after in (after.0, after.1 - before.1) })
    }

    /// Waits until a stage that has just started has done everything that was there before: full batches.
    private func runLate(_ stage: StageProcess, servers: PrivateServers) async throws -> ChainFigures {
        let began = ContinuousClock.now
        let redisBefore = await servers.redis.cpuSeconds
        let postgresBefore = await servers.postgres.cpuSeconds
        if stage.stage == .write {
            try await untilCommitted(servers, [stage])
        } else {
            try await untilForwarded(servers, [stage])
        }
        let duration = ContinuousClock.now - began
        var usage = [
            (stage.stage.rawValue, stage.processorSeconds), ("redis", await servers.redis.cpuSeconds - redisBefore),
        ]
        if stage.stage == .write { usage.append(("postgres", await servers.postgres.cpuSeconds - postgresBefore)) }
        return ChainFigures(
            scope: scope, messages: messages, rate: rate, isRawAuditOn: isRawAuditOn,
            seconds: duration / .seconds(1), processorSeconds: usage)
    }

    private func untilSubscribed(_ book: SportsbookServer, _ stages: [StageProcess]) async throws {
        for _ in 0..<200 {
            if await book.statistics().connections > 0 { return }
            try stages.forEach { try $0.requireAlive() }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CommandFailure(description: "the feed did not subscribe within 20 s: \(stages.map(\.complaint).joined())")
    }

    /// Looks again and again, for as long as every stage lives.
    private func until(_ what: String, _ stages: [StageProcess], _ isDone: () async throws -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(120 + (rate > 0 ? messages / rate : messages / 2_000))
        while ContinuousClock.now < limit {
            if try await isDone() { return }
            try stages.forEach { try $0.requireAlive() }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CommandFailure(description: "not everything was \(what) in time: \(stages.map(\.complaint).joined())")
    }

    /// The log says behind each entry how far the provider's numbers have come.
    private func untilAppended(_ servers: PrivateServers, _ stages: [StageProcess]) async throws {
        let (redis, names) = try await log(of: servers)
        try await until("appended", stages) {
            let last = try await redis.lastEntry(of: names.raw)
            let token = try last.map { try RawEntry.header(of: $0.payload).resumeToken } ?? []
            let number = String(decoding: token, as: UTF8.self).split(separator: "#").last.flatMap { Int($0) } ?? 0
            StandardOutput.progress("\(number) of \(messages) appended")
            return number >= messages
        }
        await redis.close()
    }

    private func untilForwarded(_ servers: PrivateServers, _ stages: [StageProcess]) async throws {
        let (redis, names) = try await log(of: servers)
        let appended = try await redis.lastEntry(of: names.raw)?.id ?? .zero
        try await until("forwarded", stages) {
            // The feed goes on with a sign of life now and then.
            try await redis.lastEntry(of: names.events).map { $0.id >= appended } ?? false
        }
        await redis.close()
    }

    private func log(of servers: PrivateServers) async throws -> (RedisConnection, StreamNames) {
        guard let feed = FeedName("bench") else { throw CommandFailure(description: "'bench' is no name of a feed") }
        let redis = RedisConnection(endpoint: try RedisEndpoint(url: servers.redis.url), name: "bench")
        try await redis.connect()
        return (redis, StreamNames(feed: feed))
    }

    private func untilCommitted(_ servers: PrivateServers, _ stages: [StageProcess]) async throws {
        let connection = PostgresConnection(url: servers.postgresURL, name: "bench")
        try await connection.connect()
        try await until("committed", stages) {
            let rows = try await connection.withSession { session in
                try session.texts("select coalesce(sum(rows), 0) from ingest_ledger").first?.first ?? nil
            }
            StandardOutput.progress("\(rows ?? "0") of \(messages) committed")
            return rows.flatMap { Int($0) }.map { $0 >= messages } ?? false
        }
        await connection.close()
    }

    private func usage(
        _ stages: [StageProcess], _ servers: PrivateServers, _ book: SportsbookServer
    ) async -> [(String, Double)] {
        var figures = stages.reversed().map { ($0.stage.rawValue, $0.processorSeconds) }
        figures.append(("redis", await servers.redis.cpuSeconds))
        figures.append(("postgres", await servers.postgres.cpuSeconds))
        figures.append(("load", await book.statistics().processorTime / .seconds(1)))
        return figures
    }

    private func configuration(_ stage: Stage, _ servers: PrivateServers, _ url: String) -> String {
        """
        redis: { url: "\(servers.redis.url)" }
        postgres: { url: "\(servers.postgresURL)", connections: 1 }
        writer: { raw_audit: \(isRawAuditOn) }
        operations: { listen: "127.0.0.1:0" }
        log: { level: warning }
        feeds:
          bench: { provider: sportsbook, url: "\(url)", streams: [odds] }
        """
    }
}
