import FeedModel
import Foundation
import RedisStreams
import Testing

@testable import Touchline

@Suite struct StatusTextTests {
    private let servers = ServerStatus(
        memory: .init(usedBytes: 64 << 20, maximumBytes: 512 << 20),
        database: DatabaseStatus(
            gapsLastHour: ["book-a": 2], partitions: .init(count: 35, until: "2026-03-11T00:00:00Z")))

    private func report(_ servers: ServerStatus, _ change: (inout FeedSample) -> Void = { _ in }) throws -> FeedReport {
        var sample = try Samples.sample(
            .init(seconds: 1, raw: 1_200, processed: 1_200, taken: 1_150, oldestPending: 1_100, events: 1_500))
        sample.state = "live"
        sample.lastReceivedAt = sample.time - .milliseconds(250)
        sample.feedOwner = "host-1-4711"
        change(&sample)
        return FeedReport(sample, after: try Samples.sample(.init()), servers)
    }

    @Test func `a block tells everything`() throws {
        let text = StatusText(feeds: [try report(servers)], servers: servers).full
        let expected = [
            "redis 13% of 512 MiB   postgres ok   partitions 35 until 2026-03-11T00:00Z",
            "",
            "book-a: live, last entry 0.3s ago, gaps in the last hour: 2",
            "  stage          in/s    out/s    lag lag s pending oldest  owner",
            "  feed              -   200 fr      -     -       -      -  host-1-4711",
            "  processor    200 fr  1.5k ev      0    0s       0      -  nobody",
            "  writer       150 fr    99 fr      3  2.5s       5      -  2 consumers",
            "  entries: 10 raw, 10 events; dead letters in the stream: 1",
        ]
        #expect(text == expected)
    }

    @Test func `what cannot be told is a dash`() throws {
        let text = StatusText(feeds: [try report(ServerStatus())], servers: ServerStatus()).full
        #expect(text[0] == "redis -   postgres -   partitions -")
        #expect(text[2].hasSuffix("gaps in the last hour: -"))
        let unlimited = ServerStatus(memory: .init(usedBytes: 1_536, maximumBytes: 0))
        #expect(StatusText(feeds: [], servers: unlimited).full[0].hasPrefix("redis 1.5 KiB, no limit"))
    }

    @Test func `a state that is not live has its reason`() throws {
        let away = try report(servers) { ($0.state, $0.stateWhy) = ("backoff", "refused\u{1B}[2J") }
        let text = StatusText(feeds: [away], servers: servers)
        #expect(text.full.contains(#"  why: refused\u{1b}[2J"#) && text.compact.contains(#"  refused\u{1b}[2J"#))
        let live = try report(servers) { $0.stateWhy = "welcome" }
        #expect(!StatusText(feeds: [live], servers: servers).full.joined().contains("welcome"))
    }

    @Test func `rows stand under their heads`() throws {
        let rows = StatusText(feeds: [try report(servers)], servers: servers).compact
        let expected = [
            "feed           state       fr/s  ev/s  plag  wlag lag s  pend oldest  dead gaps",
            "book-a         live         200  1.5k     0     3  2.5s     5      -     1    2",
        ]
        #expect(Array(rows.suffix(2)) == expected)
    }

    @Test(arguments: [80, 60]) func `nothing is wider than the terminal`(width: Int) throws {
        let long = try report(servers) {
            ($0.state, $0.stateWhy) = ("authenticating", String(repeating: "because ", count: 30))
            $0.feedOwner = String(repeating: "host", count: 30)
        }
        let text = StatusText(feeds: [long, try report(servers)], servers: servers, width: width)
        for line in text.full + text.compact { #expect(line.count <= width, "\(line)") }
    }

    @Test func `no feeds are told so`() {
        #expect(StatusText(feeds: [], servers: servers).full.last == "no feeds are configured")
    }

    @Test func `json keeps its keys`() throws {
        let text = FeedReport.json([try report(servers)])
        let feed = try #require((try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])?.first)
        #expect(feed["feed"] as? String == "book-a" && feed["state"] as? String == "live")
        #expect(feed["feedOwner"] as? String == "host-1-4711" && feed["processorOwner"] == nil)
        #expect(feed["deadLetters"] as? Int == 1 && feed["gapsLastHour"] as? Int == 2)
        let streams = try #require(feed["streams"] as? [[String: Any]])
        #expect(streams.map { $0["name"] as? String } == ["raw", "events", "dead"])
        #expect(streams.first?["length"] as? Int == 10 && streams.first?["lastFrame"] as? Int == 1_200)
        let group = try #require((streams[1]["groups"] as? [[String: Any]])?.first)
        #expect(group["pending"] as? Int == 5 && group["lag"] as? Int == 3 && group["consumers"] as? Int == 2)
        #expect((feed["rates"] as? [String: Any])?["framesPerSecond"] as? Double == 200)
    }

    // MARK: Top

    private func frame(_ readings: Result<StatusText, RedisError>...) -> TopFrame {
        var frame = TopFrame(interval: .seconds(1))
        for reading in readings { frame.note(reading) }
        return frame
    }

    @Test func `top shows blocks if they fit, else rows`() throws {
        let text = StatusText(feeds: try (0..<4).map { _ in try report(servers) }, servers: servers)
        let high = frame(.success(text)).lines(at: Samples.time, columns: 80, rows: 60)
        #expect(high.contains { $0.contains("stage") } && high.count == 1 + 1 + 4 * 7)
        let low = frame(.success(text)).lines(at: Samples.time, columns: 80, rows: 24)
        #expect(!low.contains { $0.contains("stage") } && low.count == 1 + 3 + 4)
        #expect(low[0] == "touchline top   2026-03-07T14:30:00Z   every 1 s   q quits")
        for line in frame(.success(text)).lines(at: Samples.time, columns: 40, rows: 24) { #expect(line.count <= 40) }
    }

    @Test func `while Redis is away the last status stays`() throws {
        let text = StatusText(feeds: [try report(servers)], servers: servers)
        let away = frame(.success(text), .failure(.connectionLost("gone")))
            .lines(at: Samples.time, columns: 80, rows: 24)
        #expect(away[1] == "redis: the connection to Redis is lost: gone" && away.contains { $0.hasPrefix("book-a:") })
        let back = frame(.failure(.connectionLost("gone")), .success(text))
            .lines(at: Samples.time, columns: 80, rows: 24)
        #expect(!back.contains { $0.contains("gone") })
        #expect(frame(.failure(.connectionLost("x"))).lines(at: Samples.time, columns: 80, rows: 24).count == 2)
    }
}

@Suite struct FiguresTests {
    @Test(arguments: [
        (0, "0"), (0.04, "0"), (0.36, "0.4"), (9.94, "9.9"), (9.96, "10"), (999.4, "999"), (999.6, "1k"),
        (1_234, "1.2k"), (9_960, "10k"), (180_400, "180k"), (999_600, "1M"), (3_400_000, "3.4M"), (1e12, ">999M"),
        (.nan, "-"), (-.infinity, "-"),
    ])
    func `numbers fit five characters`(value: Double, text: String) {
        #expect(Figures.number(value) == text && text.count <= 5)
    }

    @Test(arguments: [
        (0, "0s"), (0.26, "0.3s"), (45.4, "45s"), (119, "119s"), (720, "12m"), (7_300, "2h"), (260_000, "3d"),
        (1e15, "9999d"),
    ])
    func `ages fit five characters`(seconds: Double, text: String) {
        #expect(Figures.age(seconds) == text && text.count <= 5)
    }

    @Test func `what is not known is a dash`() {
        #expect(Figures.number(nil as Double?) == "-" && Figures.age(nil) == "-" && Figures.share(nil) == "-")
        #expect(Figures.share(0.854) == "85%" && Figures.bytes(512 << 20) == "512 MiB" && Figures.bytes(9) == "9 B")
    }
}
