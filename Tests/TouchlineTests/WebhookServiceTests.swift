import CoreMetrics
import Foundation
import Logging
import NIOPosix
import Synchronization
import Telemetry
import Testing
import WebSocketTransport

@testable import Touchline

/// A hook over a real socket.
@Suite(.timeLimit(.minutes(1))) struct WebhookServiceTests {
    /// What was posted, and what the hook answers.
    private final class Hook: Sendable {
        private let requests = Mutex<[HTTPRequest]>([])
        private let status = Mutex(200)

        var routes: HTTPRoutes {
            HTTPRoutes(respond: { request in
                self.requests.withLock { $0.append(request) }
                return HTTPResponse(status: self.status.withLock { $0 }, text: "x")
            })
        }

        func answer(_ status: Int) { self.status.withLock { $0 = status } }

        var posted: [HTTPRequest] { requests.withLock { $0 } }

        /// The text of post number `number`, counted from 1; waits for it.
        func text(_ number: Int) async throws -> String {
            for _ in 0..<500 where posted.count < number { try await Task.sleep(for: .milliseconds(10)) }
            guard posted.count >= number else { return "" }
            let body = try JSONSerialization.jsonObject(with: Data(posted[number - 1].body)) as? [String: Any]
            return body?["text"] as? String ?? ""
        }
    }

    private func with(
        _ hook: Hook, health: HealthRegistry, metrics: PrometheusFactory = PrometheusFactory(),
        path: String = "/T/secret",
        _ body: () async throws -> Void
    ) async throws {
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: hook.routes)
        let address = try await server.start()
        var configuration = WebhookConfiguration(url: "http://\(address)\(path)")
        configuration.headers = [HTTPHeader(name: "Authorization", value: "Bearer x")]
        configuration.after = .zero
        configuration.every = .milliseconds(50)
        let service = WebhookService(
            settings: WebhookSettings(configuration), sender: "here (run)",
            watch: TroubleWatch(health: health, metrics: metrics, silentAfter: .seconds(60)),
            group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"),
            period: .milliseconds(10))
        let running = Task { try await service.run() }
        do { try await body() } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
        await server.stop()
    }

    @Test func troubleIsPostedAndThatItIsMended() async throws {
        let (hook, health) = (Hook(), HealthRegistry())
        health.report("postgres writer-0", .up)
        health.report("feed.a", .up)
        try await with(hook, health: health) {
            health.report("postgres writer-0", .down("postgresql://u:hush@h/d is away"))
            let text = try await hook.text(1)
            #expect(text.contains("postgres writer-0 is down since") && text.contains("u:***@h"), "\(text)")
            health.report("postgres writer-0", .up)
            #expect(try await hook.text(2).contains("postgres writer-0 is mended after"))
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(hook.posted.count == 2)
        let first = try #require(hook.posted.first)
        #expect(first.method == "POST" && first.path == "/T/secret")
        #expect(first.headers["content-type"] == "application/json" && first.headers["authorization"] == "Bearer x")
    }

    @Test func aHookThatRefusesIsToldAgain() async throws {
        let (hook, health) = (Hook(), HealthRegistry())
        hook.answer(500)
        health.report("feed.a", .down("refused"))
        try await with(hook, health: health) {
            _ = try await hook.text(2)
            hook.answer(200)
            let count = hook.posted.count
            #expect(try await hook.text(count + 1).contains("feed.a is down"))
            try await Task.sleep(for: .milliseconds(200))
            #expect(hook.posted.count <= count + 2)
        }
    }

    @Test func figuresAreWatchedAsPrometheusWould() async throws {
        let (hook, health, metrics) = (Hook(), HealthRegistry(), PrometheusFactory())
        func gauge(_ name: String, _ labels: [(String, String)] = []) -> Gauge {
            Gauge(label: name, dimensions: labels, factory: metrics)
        }
        let age = gauge("touchline_feed_last_message_age_seconds", [("feed", "a")])
        gauge("touchline_feed_last_message_age_seconds", [("feed", "b")]).record(Double.nan)
        let used = gauge("touchline_redis_memory_used_bytes")
        used.record(50)
        gauge("touchline_redis_memory_limit_bytes").record(100)
        let gaps = Counter(
            label: "touchline_feed_gaps_total", dimensions: [("feed", "a"), ("kind", "reconnect")], factory: metrics)
        age.record(59)
        let watch = TroubleWatch(health: health, metrics: metrics, silentAfter: .seconds(60))
        #expect(watch.troubles.isEmpty && watch.mishaps.isEmpty)
        age.record(61)
        used.record(90)
        gaps.increment(by: 2)
        #expect(watch.troubles.map(\.name) == ["feed a", "redis memory"])
        #expect(watch.troubles.last?.why.contains("90 %") == true)
        #expect(watch.mishaps == [Mishap(name: "gap of feed a (reconnect)", count: 2)])
        try await with(hook, health: health, metrics: metrics) {
            let text = try await hook.text(1)
            #expect(text.contains("feed a is down") && text.contains("gap of feed a (reconnect): 2 new"), "\(text)")
        }
    }
}
