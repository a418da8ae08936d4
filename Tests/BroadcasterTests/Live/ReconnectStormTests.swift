import DevServices
import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Broadcaster

/// A crowd of subscribers whose server is started again: all of them come back at once.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct ReconnectStormTests {
    private static let count = Soak.isOn ? 2_000 : 200
    private static let fixtures = 40
    /// How much more the process may hold behind a storm than before it: caches, and what an allocator keeps.
    private static let spareBytes = 48 << 20

    @Test(arguments: [SIGKILL, SIGTERM])
    func `all are resumed or reset, without an error, and the memory is given back`(signal: Int32) async throws {
        DescriptorLimit.raise()
        try await LiveFeed.with { feed in
            var storm = Storm(feed: feed, server: try await ServedProcess(feed: feed), count: Self.count)
            do { try await storm.run(signal) } catch {
                await storm.server.stop()
                throw error
            }
            await storm.server.stop()
        }
    }

    /// The server with those who follow it.
    private struct Storm {
        let server: ServedProcess
        private let feed: LiveFeed
        private let members: [CrowdMember]
        private var script: EntryScript

        init(feed: LiveFeed, server: ServedProcess, count: Int) {
            self.feed = feed
            self.server = server
            script = EntryScript(feed: feed.feed)
            members = (0..<count).map { _ in CrowdMember(port: server.port) }
        }

        mutating func run(_ signal: Int32) async throws {
            try await change(price: "1.5")
            try await server.start()
            let crowd = Task { [members] in
                await withTaskGroup(of: Void.self) { group in
                    for member in members { group.addTask { await member.run() } }
                }
            }
            defer { crowd.cancel() }
            for round in 0..<(Soak.isOn ? 3 : 1) {
                try await untilAllHave("\(1.5 + Double(round))")
                try await storm(signal, price: "\(2.5 + Double(round))")
            }
            crowd.cancel()
            await crowd.value
            for (index, member) in members.enumerated() {
                let failures = await member.failures
                #expect(failures == [], "subscriber \(index)")
            }
        }

        /// Ends the process under all of them, changes what they have, and starts it again.
        private mutating func storm(_ signal: Int32, price: String) async throws {
            // What the connecting took has gone, as far as it goes.
            try await Task.sleep(for: .seconds(2))
            let before = try #require(server.residentBytes)
            // Some come with a cursor that cannot be understood.
            for (index, member) in members.enumerated() { await member.forgetAnswers(isSpoiled: index % 10 == 0) }
            await server.end(with: signal)
            try await change(price: price)
            try await server.start()
            try await untilAllHave(price)
            for (index, member) in members.enumerated() {
                let answers = await member.answers
                #expect(answers.first == (index % 10 == 0 ? .reset("token_invalid") : .resumed), "subscriber \(index)")
                #expect(answers.dropFirst().allSatisfy { $0 == .resumed }, "subscriber \(index): \(answers)")
            }
            let bytes = try await settledBytes(below: before + ReconnectStormTests.spareBytes)
            print("\(members.count) came back: resident \(before >> 20) MiB before, \(bytes >> 20) MiB after")
            #expect(bytes - before < ReconnectStormTests.spareBytes)
        }

        private mutating func change(price: String) async throws {
            for fixture in 0..<ReconnectStormTests.fixtures {
                let name = "fx-\(fixture)"
                try await feed.append(
                    script.entry(
                        .fixture(name), .odds(fixture: name, option: "home", price: price),
                        .odds(fixture: name, option: "draw", price: "3.5"),
                        .odds(fixture: name, option: "away", price: "4.5")))
            }
        }

        /// Returns when every one of them has been answered and has the price of every fixture.
        private func untilAllHave(_ price: String) async throws {
            let deadline = ContinuousClock.now + .seconds(180)
            for (index, member) in members.enumerated() {
                while true {
                    let prices = await member.prices(of: "home").values
                    if await !member.answers.isEmpty, prices.count == ReconnectStormTests.fixtures,
                        prices.allSatisfy({ $0 == price })
                    {
                        break
                    }
                    try server.requireAlive()
                    guard ContinuousClock.now < deadline else {
                        let answers = await member.answers
                        let failures = await member.failures
                        throw ServedProcess.Unmet(
                            description: """
                                subscriber \(index) has no \(price) after three minutes, but \(Set(prices)); it was answered \
                                \(answers), failures: \(failures). \(server.complaint)
                                """)
                    }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }

        /// What the process holds once it has given back what it does not need, or after a minute.
        private func settledBytes(below limit: Int) async throws -> Int {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let bytes = try #require(server.residentBytes)
                if bytes < limit || ContinuousClock.now > deadline { return bytes }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}

/// `touchline broadcast` as a process of its own, always on the same port.
private final class ServedProcess {
    struct Unmet: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    private let directory: URL
    private let program: String
    private var child: ChildProcess?

    init(feed: LiveFeed) async throws {
        guard let program = BuiltProgram.path("touchline") else { throw CocoaError(.fileNoSuchFile) }
        self.program = program
        port = try FreePort.find()
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("crowd"))
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let configuration = """
            redis: { url: "\(try await TestServers.redis().url)", prefix: "\(feed.names.prefix)" }
            broadcaster: { listen: "127.0.0.1:\(port)" }
            operations: { listen: "127.0.0.1:0" }
            feeds: { \(feed.feed): { provider: sportsbook, url: "ws://127.0.0.1:1", streams: [odds] } }
            """
        try configuration.write(toFile: file("touchline.yaml"), atomically: true, encoding: .utf8)
    }

    private func file(_ name: String) -> String { directory.appendingPathComponent(name).path }

    var residentBytes: Int? { child.flatMap { ProcessTable.residentBytes(of: $0.pid) } }

    func start() async throws {
        var launch = ProcessLaunch(program, ["broadcast", "--config", file("touchline.yaml")])
        launch.output = .file(file("log.txt"))
        launch.errors = .file(file("log.txt"))
        child = try await ChildProcess.start(launch)
    }

    func end(with signal: Int32) async { _ = await child?.end(with: signal, killAfter: .seconds(40)) }

    func requireAlive() throws {
        guard child?.isRunning == true else { throw Unmet(description: "the broadcaster has ended: \(complaint)") }
    }

    /// The end of its log.
    var complaint: String {
        let text = (try? String(contentsOfFile: file("log.txt"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    func stop() async {
        await end(with: SIGKILL)
        try? FileManager.default.removeItem(at: directory)
    }
}
