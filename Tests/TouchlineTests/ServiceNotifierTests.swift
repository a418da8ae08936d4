import Dispatch
import NIOCore
import NIOPosix
import Telemetry
import TestSupport
import Testing

@testable import Touchline

/// What systemd hears of a process.
@Suite(.timeLimit(.minutes(1))) struct ServiceNotifierTests {
    private static func notifier(_ socket: NotifySocket, _ more: [String: String] = [:]) throws -> ServiceNotifier {
        try #require(
            ServiceNotifier(environment: ["NOTIFY_SOCKET": socket.path].merging(more) { $1 }, process: 17))
    }

    @Test func withoutASocketNobodyListens() {
        #expect(ServiceNotifier(environment: [:]) == nil)
        #expect(ServiceNotifier(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
    }

    @Test func aSocketThatIsGoneIsNoHarm() throws {
        let notifier = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": "/nowhere/notify"]))
        #expect(!notifier.ready())
        let long = try #require(
            ServiceNotifier(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]))
        #expect(!long.ready())
    }

    @Test(arguments: [false, true]) func messagesArriveWhole(isAbstract: Bool) throws {
        let socket = try NotifySocket(isAbstract: isAbstract)
        let notifier = try Self.notifier(socket)
        #expect(notifier.ready())
        notifier.alive()
        notifier.stopping()
        #expect(socket.received() == ["READY=1\nSTATUS=ready", "WATCHDOG=1", "STOPPING=1\nSTATUS=draining"])
    }

    @Test(arguments: [
        (["WATCHDOG_USEC": "30000000"], Duration.seconds(30)),
        (["WATCHDOG_USEC": "5", "WATCHDOG_PID": "17"], .microseconds(5)),
        (["WATCHDOG_USEC": "5", "WATCHDOG_PID": "18"], nil), (["WATCHDOG_USEC": "0"], nil),
        (["WATCHDOG_USEC": "x"], nil),
        ([:], nil),
    ]) func theWatchdogsLimitIsThatOfThisProcess(environment: [String: String], limit: Duration?) throws {
        #expect(try Self.notifier(try NotifySocket(), environment).watchdogLimit == limit)
    }

    @Test func aReloadIsAnnouncedByWhoIsReady() throws {
        let socket = try NotifySocket()
        let notifier = try Self.notifier(socket)
        var reloads = 0
        notifier.reloading { reloads += 1 }
        #expect(socket.received().isEmpty && reloads == 1)
        _ = notifier.ready()
        notifier.reloading { reloads += 1 }
        let said = socket.received()
        #expect(reloads == 2 && said.count == 3 && said.last == said.first)
        #expect(said.dropFirst().first?.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[0-9]+/) != nil, "\(said)")
    }

    @Test func readyIsToldOnceAndNotBeforeItIsTrue() async throws {
        let socket = try NotifySocket()
        let health = HealthRegistry()
        health.expect("feed.a")
        let notice = ReadinessNotice(
            notifier: try Self.notifier(socket), health: health, period: .milliseconds(5))
        let running = Task { try await notice.run() }
        try await Task.sleep(for: .milliseconds(100))
        #expect(socket.received().isEmpty)
        health.report("feed.a", .degraded("reconnecting"))
        #expect(try await socket.received(until: "READY=1").count == 1)
        health.report("feed.a", .down("away"))
        health.report("feed.a", .up)
        try await Task.sleep(for: .milliseconds(50))
        #expect(socket.received().isEmpty)
        running.cancel()
        try await running.value
        #expect(socket.received() == ["STOPPING=1\nSTATUS=draining"])
    }

    @Test func theWatchdogHearsOfEveryEventLoop() async throws {
        let socket = try NotifySocket()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let limit = Duration.milliseconds(100)
        let service = WatchdogService(notifier: try Self.notifier(socket), limit: limit, group: group)
        let running = Task { try await service.run() }
        #expect(try await socket.received(until: "WATCHDOG=1").contains("WATCHDOG=1"))
        // One of the two hangs.
        let loops = Array(group.makeIterator())
        let release = SingleUse()
        loops[1].execute { release.wait() }
        try await Task.sleep(for: limit)
        _ = socket.received()
        try await Task.sleep(for: limit * 3)
        #expect(socket.received().isEmpty)
        release.open()
        #expect(try await socket.received(until: "WATCHDOG=1").contains("WATCHDOG=1"))
        running.cancel()
        try await running.value
        try await group.shutdownGracefully()
    }
}

/// Holds a thread up until somebody lets it go.
private final class SingleUse: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }

    func open() { semaphore.signal() }
}
