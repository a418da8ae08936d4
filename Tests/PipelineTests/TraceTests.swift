import DevServices
import Foundation
import Sportsbook
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

/// Spans of a running pipeline, as a collector gets them.
@Suite struct TraceTests {
    struct Span: Sendable {
        let name: String
        let trace: String
        let id: String
        let parent: String?
        let nanoseconds: ClosedRange<Int64>
    }

    /// Takes OTLP over HTTP.
    private final class Collector: Sendable {
        private struct Request: Decodable {
            struct Resource: Decodable { let scopeSpans: [Scope] }
            struct Scope: Decodable { let spans: [Item] }
            struct Item: Decodable {
                let name: String
                let traceId: String
                let spanId: String
                let parentSpanId: String?
                let startTimeUnixNano: String
                let endTimeUnixNano: String
            }

            let resourceSpans: [Resource]
        }

        private let received = Mutex<[Span]>([])
        private let resources = Mutex<Set<String>>([])

        var spans: [Span] { received.withLock { $0 } }

        /// `touchline.stage` of those who posted.
        var stages: Set<String> { resources.withLock { $0 } }

        var routes: HTTPRoutes {
            HTTPRoutes(respond: { request in
                guard request.path == "/v1/traces", request.headers["x-key"] == "hush-key" else {
                    return HTTPResponse(status: 401, text: "no")
                }
                do { try self.take(request.body) } catch { return HTTPResponse(status: 400, text: "\(error)") }
                return HTTPResponse(status: 200, text: "{}")
            })
        }

        private func take(_ body: [UInt8]) throws {
            let request = try JSONDecoder().decode(Request.self, from: Data(body))
            let items = request.resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans)
            let spans = items.map { item in
                let (start, end) = (Int64(item.startTimeUnixNano) ?? 0, Int64(item.endTimeUnixNano) ?? -1)
                return Span(
                    name: item.name, trace: item.traceId, id: item.spanId, parent: item.parentSpanId,
                    nanoseconds: start...max(start, end))
            }
            received.withLock { $0 += spans }
            let text = String(decoding: body, as: UTF8.self)
            for match in text.matches(of: /"touchline.stage","value":{"stringValue":"([a-z,]+)"/) {
                resources.withLock { _ = $0.insert(String(match.1)) }
            }
        }

        /// A trace that has been through all stages: its spans in their order.
        func whole() -> [Span]? {
            let names = ["feed.append", "process.hop", "write.commit", "broadcast.send"].map { "touchline.\($0)" }
            for spans in Dictionary(grouping: self.spans, by: \.trace).values {
                let ordered = names.compactMap { name in spans.first { $0.name == name } }
                if ordered.count == names.count { return ordered }
            }
            return nil
        }
    }

    @Test(.timeLimit(.minutes(3))) func anEntryIsFollowedThroughAllStages() async throws {
        let redis = try await TestServers.redis()
        let collector = Collector()
        var settings = HTTPServerConfiguration()
        settings.maximumBodyBytes = 4 << 20
        let server = HTTPServer(configuration: settings, routes: collector.routes)
        let endpoint = "http://\(try await server.start())"
        let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: nil, rate: 20))))
        let address = try await book.start()
        try await TestServers.withDatabase { url in
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("traces"))" }
                    postgres: { url: "\(url)", connections: 1 }
                    operations: { listen: "127.0.0.1:0" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    feed_client: { spool: { enabled: false } }
                    traces: { endpoint: "\(endpoint)", sample: 1, headers: { X-Key: hush-key } }
                    feeds: { book: { provider: sportsbook, url: "\(address)", streams: [odds] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            // Four processes: the context crosses from one to the next in Redis alone.
            for stage in ["feed", "process", "write", "broadcast"] { try await stages.start(stage) }
            for _ in 0..<600 where collector.whole() == nil { try await Task.sleep(for: .milliseconds(100)) }
            let complaints = await stages.complaints()
            try Self.expectChain(try #require(collector.whole(), "\(collector.spans.suffix(20))\n\(complaints)"))
            #expect(collector.stages == ["feed", "process", "write", "broadcast"])
            let tapped = try await stages.run(["tap", "book", "raw", "--from-start", "--limit", "3", "--json"])
            #expect(tapped.code == 0 && tapped.output.contains("\"frame\":"), "\(tapped.output)")
            let doctor = try await stages.run(["doctor"])
            #expect(doctor.output.contains("the traces' collector takes spans"), "\(doctor.output)")
            await stages.expectCleanEnd()
        }
        await book.stop()
        await server.stop()
    }

    /// Everyone is the child of who was before; Writer and Broadcaster both are of the hop.
    private static func expectChain(_ spans: [Span]) throws {
        try #require(spans.count == 4)
        let (feed, hop, commit, send) = (spans[0], spans[1], spans[2], spans[3])
        #expect(Set(spans.map(\.trace)).count == 1 && Set(spans.map(\.id)).count == 4)
        #expect(feed.parent == nil)
        #expect(hop.parent == feed.id)
        #expect(commit.parent == hop.id)
        #expect(send.parent == hop.id)
        // One machine, one clock.
        #expect(feed.nanoseconds.lowerBound <= hop.nanoseconds.lowerBound)
        #expect(hop.nanoseconds.lowerBound <= commit.nanoseconds.upperBound)
        #expect(spans.allSatisfy { $0.nanoseconds.upperBound - feed.nanoseconds.lowerBound < 60_000_000_000 })
    }
}
