import DevServices
import FeedModel
import Foundation
import Logging
import RedisStreams
import Synchronization
import Telemetry

/// One measured run of the Broadcaster: a publisher in place of the Processor, many subscribers, a process between them.
struct FanOutRun {
    let subscribers: Int
    /// Changes a second; 0 keeps `window` changes under way; nil changes nothing.
    let rate: Int?
    let seconds: Int
    /// How many of the subscribers read nothing once they have subscribed.
    let stalled: Int

    private static let window = 20
    private static let warmUp = Duration.seconds(1)

    func measure() async throws -> FanOutFigures {
        try await withServer { stage, publisher, clients, server in
            try await measure(stage, &publisher, &clients, port: server.port)
        }
    }

    /// Kills the process under all subscribers and starts it again.
    func measureRestart() async throws -> FanOutRestart {
        try await withServer { stage, publisher, clients, server in
            try await clients.connect(subscribers, port: server.port, stage: stage)
            try await publisher.publish(1)
            try await publisher.keepAlive()
            try await Task.sleep(for: .seconds(2))
            let before = stage.residentBytes
            clients.comeBack()
            let began = ContinuousClock.now
            await stage.kill()
            stage = try await StageProcess.start(.broadcast, server.configuration, in: server.directory)
            try await publisher.keepAlive()
            let duration = try await clients.untilBack(subscribers, since: began)
            // What a crowd takes is given back.
            for _ in 0..<5 {
                try await Task.sleep(for: .seconds(1))
                try await publisher.keepAlive()
            }
            return FanOutRestart(
                subscribers: subscribers, seconds: duration / .seconds(1),
                resumed: clients.tally.resumed.load(ordering: .relaxed),
                refused: clients.tally.failed.load(ordering: .relaxed), residentBefore: before,
                residentAfter: stage.residentBytes)
        }
    }

    /// Where the measured process serves, and what it is started with.
    private struct Server {
        let port: Int
        let configuration: String
        let directory: URL
    }

    private func withServer<Figures>(
        _ body: (inout StageProcess, inout FanOutPublisher, inout FanOutClients, Server) async throws -> Figures
    ) async throws -> Figures {
        try raiseFileLimit()
        var logger = Logger(label: "touchline.bench")
        logger.logLevel = .error
        let redis = try await RedisServer.start(logger: logger)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-fanout-\(getpid())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let port = try FreePort.find()
        var stage: StageProcess?
        var clients = FanOutClients()
        let result: Result<Figures, any Error>
        do {
            guard let feed = FeedName("bench") else {
                throw CommandFailure(description: "'bench' is no name of a feed")
            }
            let connection = RedisConnection(endpoint: try RedisEndpoint(url: redis.url), name: "bench")
            try await connection.connect()
            var publisher = FanOutPublisher(feed: feed, redis: connection)
            try await publisher.begin()
            let server = Server(
                port: port, configuration: configuration(redis: redis.url, port: port), directory: directory)
            var broadcaster = try await StageProcess.start(.broadcast, server.configuration, in: directory)
            defer { stage = broadcaster }
            try await clients.waitUntilServed(port: port, by: broadcaster)
            result = .success(try await body(&broadcaster, &publisher, &clients, server))
        } catch {
            result = .failure(error)
        }
        await clients.close()
        await stage?.stop()
        await redis.stop()
        return try result.get()
    }

    private func measure(
        _ stage: StageProcess, _ publisher: inout FanOutPublisher, _ clients: inout FanOutClients, port: Int
    ) async throws -> FanOutFigures {
        let memoryBefore = stage.residentBytes
        try await clients.connect(subscribers, port: port, stage: stage)
        try await publisher.keepAlive()
        try await Task.sleep(for: .seconds(1))
        let memoryConnected = stage.residentBytes
        try await clients.stall(stalled)
        try await publish(&publisher, clients.tally, for: Self.warmUp)
        let before = sample(stage, clients.tally)
        clients.tally.forgetDelays()
        let began = ContinuousClock.now
        try await publish(&publisher, clients.tally, for: .seconds(seconds))
        let duration = (ContinuousClock.now - began) / .seconds(1)
        let after = sample(stage, clients.tally)
        try stage.requireAlive()
        return FanOutFigures(
            subscribers: subscribers, rate: rate, stalled: stalled, seconds: duration,
            deliveries: after.deliveries - before.deliveries, bytes: after.bytes - before.bytes,
            processorSeconds: after.cpu - before.cpu,
            delays: (clients.tally.delay(of: 0.5), clients.tally.delay(of: 0.99), clients.tally.delay(of: 1)),
            bytesPerSubscriber: Double(memoryConnected - memoryBefore) / Double(subscribers),
            residentBytes: stage.residentBytes, closed: clients.tally.closed.load(ordering: .relaxed))
    }

    private func sample(_ stage: StageProcess, _ tally: FanOutTally) -> (deliveries: Int, bytes: Int, cpu: Double) {
        (tally.deliveries.load(ordering: .relaxed), tally.bytes.load(ordering: .relaxed), stage.processorSeconds)
    }

    /// Publishes for so long, or lets the time pass where nothing changes.
    private func publish(
        _ publisher: inout FanOutPublisher, _ tally: FanOutTally, for duration: Duration
    ) async throws {
        switch rate {
        case nil: try await Task.sleep(for: duration)
        case 0: try await publishAtOnce(&publisher, tally, for: duration)
        case .some(let rate): try await publish(&publisher, rate: rate, for: duration)
        }
    }

    /// Each change at its time, and asleep in between: who looks at the clock all the time takes it from the measured process.
    private func publish(_ publisher: inout FanOutPublisher, rate: Int, for duration: Duration) async throws {
        let began = ContinuousClock.now
        var published = 0
        while ContinuousClock.now - began < duration {
            let due = Int((ContinuousClock.now - began) / .seconds(1) * Double(rate)) + 1 - published
            if due > 0 {
                try await publisher.publish(min(due, Self.window))
                published += min(due, Self.window)
            } else {
                let next = began + .seconds(Double(published) / Double(rate))
                try await Task.sleep(until: min(next, began + duration), tolerance: .zero)
            }
        }
    }

    /// Whenever fewer than `window` changes are on their way to somebody who reads.
    private func publishAtOnce(
        _ publisher: inout FanOutPublisher, _ tally: FanOutTally, for duration: Duration
    ) async throws {
        let began = ContinuousClock.now
        let base = tally.deliveries.load(ordering: .relaxed)
        var published = 0
        while ContinuousClock.now - began < duration {
            let delivered = (tally.deliveries.load(ordering: .relaxed) - base) / (subscribers - stalled)
            let due = min(Self.window + delivered - published, Self.window)
            if due > 0 {
                try await publisher.publish(due)
                published += due
            } else {
                try await Task.sleep(for: .microseconds(200))
            }
        }
    }

    /// A connection is a file at either end.
    private func raiseFileLimit() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let wanted = rlim_t(subscribers + 500)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_max >= wanted else {
            throw CommandFailure(
                description:
                    "\(subscribers) subscribers need \(wanted) open files, and the limit is \(limit.rlim_max): "
                    + "raise it with ulimit -n")
        }
    }

    private func configuration(redis: String, port: Int) -> String {
        """
        redis: { url: "\(redis)" }
        broadcaster: { listen: "127.0.0.1:\(port)" }
        operations: { listen: "127.0.0.1:0" }
        log: { level: warning }
        feeds:
          bench: { provider: sportsbook, url: "ws://127.0.0.1:1" }
        """
    }
}
