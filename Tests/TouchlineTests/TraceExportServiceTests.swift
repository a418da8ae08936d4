import Foundation
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization
import Telemetry
import Testing
import WebSocketTransport

@testable import Touchline

/// A collector over a real socket.
@Suite(.timeLimit(.minutes(1))) struct TraceExportServiceTests {
    /// What was posted, and what the collector answers.
    private final class Collector: Sendable {
        private let requests = Mutex<[HTTPRequest]>([])
        private let answer = Mutex((status: 200, body: "{}"))

        var routes: HTTPRoutes {
            HTTPRoutes(respond: { request in
                self.requests.withLock { $0.append(request) }
                let (status, body) = self.answer.withLock { $0 }
                return HTTPResponse(status: status, text: body)
            })
        }

        func answer(_ status: Int, _ body: String = "{}") { answer.withLock { $0 = (status, body) } }

        var posted: [HTTPRequest] { requests.withLock { $0 } }

        /// The start times of the spans of each post.
        var starts: [[String]] {
            posted.map { request in
                let text = String(decoding: request.body, as: UTF8.self)
                return text.matches(of: /"startTimeUnixNano":"(\d+)"/).map { String($0.1) }
            }
        }
    }

    private let metrics = PrometheusFactory()

    private func dropped(_ reason: String) -> Double {
        metrics.readings(of: "touchline_traces_dropped_total").first { $0.labels["reason"] == reason }?.value ?? -1
    }

    private var exported: Double { metrics.readings(of: "touchline_traces_exported_total").first?.value ?? -1 }

    private func record(_ starts: ClosedRange<Int64>, _ tracer: Tracer) {
        var generator = SystemRandomNumberGenerator()
        for start in starts {
            tracer.record(TraceSpan(.feedAppend, context: .root(using: &generator), start: start, end: start))
        }
    }

    private func until(_ what: String, _ condition: () -> Bool) async throws {
        for _ in 0..<500 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(condition(), "\(what)")
    }

    private func service(_ endpoint: String, _ tracer: Tracer) -> TraceExportService {
        var configuration = TraceConfiguration(endpoint: endpoint)
        configuration.headers = [HTTPHeader(name: "Authorization", value: "Bearer x")]
        return TraceExportService(
            configuration: configuration, resource: TraceResource(instance: "i", stage: "feed"), tracer: tracer,
            group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"),
            period: .milliseconds(10), interval: .milliseconds(50))
    }

    private func with(_ collector: Collector, _ tracer: Tracer, _ body: () async throws -> Void) async throws {
        var settings = HTTPServerConfiguration()
        settings.maximumBodyBytes = 4 << 20
        let server = HTTPServer(configuration: settings, routes: collector.routes)
        let service = service("http://\(try await server.start())/", tracer)
        let running = Task { try await service.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        running.cancel()
        try await running.value
        await server.stop()
        try result.get()
    }

    @Test func spansArePostedAsJSON() async throws {
        let (collector, tracer) = (Collector(), Tracer(oneIn: 1, metrics: metrics))
        try await with(collector, tracer) {
            record(1...3, tracer)
            try await until("they are exported") { exported == 3 }
        }
        let post = try #require(collector.posted.first)
        #expect(post.method == "POST" && post.path == "/v1/traces")
        #expect(post.headers["content-type"] == "application/json" && post.headers["authorization"] == "Bearer x")
        #expect(collector.starts == [["1000", "2000", "3000"]])
    }

    @Test func aCollectorThatIsBusyIsAskedOnceMore() async throws {
        let (collector, tracer) = (Collector(), Tracer(oneIn: 1, metrics: metrics))
        collector.answer(503)
        try await with(collector, tracer) {
            record(1...2, tracer)
            try await until("they are given up") { dropped("failed") == 2 }
            collector.answer(200)
            record(3...3, tracer)
            try await until("the next is taken") { exported == 1 }
        }
        #expect(collector.starts == [["1000", "2000"], ["1000", "2000"], ["3000"]])
    }

    @Test func whatIsRefusedIsNotSentAgain() async throws {
        let (collector, tracer) = (Collector(), Tracer(oneIn: 1, metrics: metrics))
        collector.answer(400)
        try await with(collector, tracer) {
            record(1...2, tracer)
            try await until("they are given up") { dropped("refused") == 2 }
            collector.answer(200, #"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#)
            record(3...5, tracer)
            try await until("one is taken") { exported == 1 }
        }
        #expect(dropped("refused") == 4 && dropped("failed") == 0)
        #expect(collector.starts == [["1000", "2000"], ["3000", "4000", "5000"]])
    }

    @Test func manyGoAtOnceAndInPortions() async throws {
        let (collector, tracer) = (Collector(), Tracer(oneIn: 1, metrics: metrics))
        let count = TraceExportService.portion
        try await with(collector, tracer) {
            record(1...Int64(2 * count + 1), tracer)
            try await until("all are exported") { exported == Double(2 * count + 1) }
        }
        #expect(collector.starts.map(\.count) == [count, count, 1])
    }

    @Test func nobodyWaitsForACollectorThatIsAway() async throws {
        let tracer = Tracer(oneIn: 1, capacity: 100, metrics: metrics)
        let service = service("http://127.0.0.1:1", tracer)
        let running = Task { try await service.run() }
        for start in 0..<20 {
            record(Int64(start * 100)...Int64(start * 100 + 99), tracer)
            #expect(tracer.waiting <= 100)
            try await Task.sleep(for: .milliseconds(10))
        }
        try await until("they are given up") { dropped("failed") >= 100 }
        running.cancel()
        try await running.value
        #expect(exported == 0 && dropped("full") > 0)
    }

    /// The stages stop first: what they recorded while they did is not lost.
    @Test func aShutdownSendsWhatIsLeft() async throws {
        let (collector, tracer) = (Collector(), Tracer(oneIn: 1, metrics: metrics))
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: collector.routes)
        var service = service("http://\(try await server.start())", tracer)
        service.interval = .seconds(3_600)
        let group = ServiceGroup(
            services: [service], gracefulShutdownSignals: [], cancellationSignals: [], logger: Logger(label: "test"))
        let running = Task { try await group.run() }
        try await Task.sleep(for: .milliseconds(100))
        record(1...2, tracer)
        await group.triggerGracefulShutdown()
        try await running.value
        await server.stop()
        #expect(exported == 2)
    }
}
