import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// `docs/metrics.md` beside what a running pipeline exports.
@Suite struct MetricsDocumentTests {
    /// A metric as the document or the endpoint has it.
    struct Metric: Equatable, CustomStringConvertible {
        var type: String
        var labels: Set<String>
        /// Documented as one that a run need not have.
        var isOccasional = false

        var description: String { "\(type) {\(labels.sorted().joined(separator: ", "))}" }
    }

    @Test(.timeLimit(.minutes(4))) func `every metric is documented, and every documented one is there`() async throws {
        let documented = try Self.documented()
        let exported = try await Self.exported()
        #expect(exported.count > 50)
        for (name, metric) in exported.sorted(by: { $0.key < $1.key }) {
            guard let promise = documented[name] else {
                Issue.record("docs/metrics.md lacks \(name): \(metric)")
                continue
            }
            #expect(promise.type == metric.type && promise.labels == metric.labels, "\(name): \(promise) is \(metric)")
        }
        for (name, metric) in documented where !metric.isOccasional && exported[name] == nil {
            Issue.record("docs/metrics.md has \(name), and nothing exports it")
        }
    }

    // MARK: The document

    /// Rows such as ``| `name` | counter | feed, kind | … | when |``; the last column is empty for what is always there.
    private static func documented() throws -> [String: Metric] {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let text = try String(contentsOf: root.appendingPathComponent("docs/metrics.md"), encoding: .utf8)
        var metrics: [String: Metric] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { cell in
                cell.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
            try #require(cells.count == 8, "\(line)")
            metrics[cells[1]] = Metric(
                type: cells[2], labels: labels(in: cells[3]), isOccasional: !cells[6].isEmpty)
        }
        return metrics
    }

    private static func labels(in text: String) -> Set<String> {
        Set(text.split { !($0.isLetter || $0 == "_") }.map(String.init))
    }

    // MARK: The endpoint

    /// What `touchline run` exports with a live feed, a subscriber, a JWT as its token, a recording, and traces.
    private static func exported() async throws -> [String: Metric] {
        let redis = try await TestServers.redis()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("metrics"))
        defer { try? FileManager.default.removeItem(at: folder) }
        var text = ""
        try await TestServers.withDatabase { url in
            // {"exp":1893456000}
            let token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDB9.c2ln"
            var configuration = SportsbookConfiguration(.simulator(SimulatorConfiguration(seed: 1, rate: 300)))
            configuration.token = token
            let book = SportsbookServer(configuration)
            let address = try await book.start()
            let ports = [try FreePort.find(), try FreePort.find()]
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("metrics"))" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:\(ports[0])" }
                    broadcaster: { listen: "127.0.0.1:\(ports[1])" }
                    feed_client: { spool: { directory: "\(folder.path)/spool" } }
                    traces: { endpoint: "http://127.0.0.1:1" }
                    feeds:
                      book: { provider: sportsbook, url: "\(address)", token: \(token), record: "\(folder.path)" }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.start("run")
            try await PipelineDatabase(url).untilRows(reach: 500)
            let stream = "http://127.0.0.1:\(ports[1])/v1/stream"
            _ = try await stages.shell("timeout 3 curl -sN -o /dev/null \(stream); true")
            // The Writer looks at the streams every ten seconds.
            for _ in 0..<60 where !text.contains("touchline_redis_memory_used_bytes") {
                try await Task.sleep(for: .milliseconds(500))
                text = try await stages.shell("curl -s http://127.0.0.1:\(ports[0])/metrics").output
            }
            await stages.expectCleanEnd()
            await book.stop()
        }
        return parse(text)
    }

    private static func parse(_ text: String) -> [String: Metric] {
        var metrics: [String: Metric] = [:]
        var name = ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# TYPE "), words.count == 4 {
                name = String(words[2])
                metrics[name] = Metric(type: String(words[3]), labels: [])
            } else if !line.hasPrefix("#"), let brace = line.firstIndex(of: "{") {
                let pairs = line[brace...].matches(of: /([a-z_]+)="/).map { String($0.1) }
                metrics[name]?.labels.formUnion(pairs.filter { $0 != "le" })
            }
        }
        return metrics
    }
}
