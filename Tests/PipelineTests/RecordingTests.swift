import DevServices
import Foundation
import TestSupport
import Testing

/// Real recordings through the real pipeline: Postgres and a subscriber must say what the independent oracle says.
@Suite(.serialized) struct RecordingTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        let name: String
        var testDescription: String { name }
        var path: String { "betfair/\(name).mcm.ndjson.gz" }
        var oracle: String { "betfair/\(name).mcm.ndjson.oracle.json" }
    }

    static let recordings = [
        "cricket-ned-png-1.200806927", "nba-cle-min-1.166811431", "horse-live-win-1.185781277",
        "greyhound-sheffield-win-1.197931750", "greyhound-sheffield-place-1.197931751",
    ].map(Recording.init)

    @Test(.sharedFixtures(recordings[0].path, recordings[0].oracle), .timeLimit(.minutes(5)), arguments: recordings)
    func postgresAndSubscribersSayWhatTheOracleSays(recording: Recording) async throws {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let port = try FreePort.find()
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("replay"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:\(port)" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds: { replay: { provider: betfair, url: "ws://127.0.0.1:1", app_key: none, token: none } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            let path = try #require(SharedFixtures.path(recording.path))
            let oracle = try OracleMarket.read(try #require(SharedFixtures.path(recording.oracle)))
            // The subscriber's broadcaster is there from before the first price to after the last one.
            try await stages.start("broadcast")
            let book = try await Self.subscriber(port: port)
            // At once, but for the end: a subscriber who is behind is sent fewer states than there were, rightly.
            let end = try #require(oracle.values.map(\.lastOpenUntil).min())
            let speed = ["--from", Self.rfc3339(milliseconds: end - 500), "--speed", "0.2", "--longest-silence", "0.5"]
            try await stages.start(
                "replay", [path, "--provider", "betfair", "--stay"] + speed,
                environment: ["TOUCHLINE_BROADCASTER_LISTEN": "127.0.0.1:0"])
            try await book.followUntilClosed(markets: oracle.count)
            try Self.compareSubscriber(oracle, rows: book.lastOpen)
            try await Self.untilClosed(url: url, markets: oracle.count)
            try await Self.compareHistory(oracle, url: url)
            try await Self.compareBoard(oracle, port: port)
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await stages.expectCleanEnd()
        }
    }

    private static func rfc3339(milliseconds: Int) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func subscriber(port: Int) async throws -> SubscriberBook {
        for _ in 0..<100 {
            if let book = try? await SubscriberBook("ws://127.0.0.1:\(port)/v1/ws") { return book }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await SubscriberBook("ws://127.0.0.1:\(port)/v1/ws")
    }

    /// The last state of each runner that a subscriber saw while its market was open.
    private static func compareSubscriber(_ oracle: [String: OracleMarket], rows: [String: SubscriberBook.Row]) throws {
        for (id, market) in oracle {
            for runner in market.runners {
                let row = try #require(
                    rows.values.first {
                        $0["mid"] == id && $0["option"] == runner.id
                            && ($0["line"].flatMap { Decimal(string: $0) } ?? 0) == runner.handicap
                    }, "no subscriber saw runner \(runner.id) of market \(id) open")
                let prices = ["p", "bs", "lay", "ls", "ltp"].map { name in row[name].flatMap { Decimal(string: $0) } }
                #expect(prices == runner.prices, "runner \(runner.id) of \(id) at a subscriber")
            }
        }
    }

    private static func query(_ sql: String, _ url: String) async throws -> [[String]] {
        try await PipelineDatabase(url).lines(sql).map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static func untilClosed(url: String, markets: Int) async throws {
        for _ in 0..<240 {
            let closed = try await query("select count(*) from markets where status = 3", url).first?.first
            if closed == "\(markets)" { return }
            try await Task.sleep(for: .milliseconds(500))
        }
        Issue.record("the market was not closed within two minutes")
    }

    /// The last row of each selection while its market was open, and how it ended.
    private static func compareHistory(_ oracle: [String: OracleMarket], url: String) async throws {
        let rows = try await query(
            """
            select distinct on (s.selection_key) m.market_id, s.option_id, coalesce(trim_scale(s.line), 0),
                trim_scale(t.odd_value), trim_scale(t.back_size), trim_scale(t.lay_value), trim_scale(t.lay_size),
                trim_scale(t.last_traded), s.result
            from odds_ticks t join selections s using (selection_key) join markets m using (market_key)
            where t.status = 1 order by s.selection_key, t.position desc
            """, url)
        #expect(try await query("select count(*) from dead_letters", url) == [["0"]])
        for (id, market) in oracle {
            let runners = market.runners
            for runner in runners {
                let row = rows.first { $0[0] == id && $0[1] == runner.id && Decimal(string: $0[2]) == runner.handicap }
                let found = try #require(row, "runner \(runner.id) of market \(id) has no open row")
                let prices = found[3...7].map { Decimal(string: $0) }
                #expect(prices == runner.prices, "runner \(runner.id) of \(id)")
                #expect(found[8] == runner.result, "result of runner \(runner.id) of \(id)")
            }
        }
    }

    /// The board's REST snapshot: every runner is there, and closed.
    private static func compareBoard(_ oracle: [String: OracleMarket], port: Int) async throws {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/v1/odds"))
        let fetched = try await ChildProcess.run("curl", ["-sS", url.absoluteString])
        let document = try JSONSerialization.jsonObject(with: Data(fetched.output.utf8)) as? [String: Any]
        let lanes = document?["lanes"] as? [[String: Any]] ?? []
        let rows = lanes.flatMap { $0["rows"] as? [[String: Any]] ?? [] }
        for (id, market) in oracle {
            for runner in market.runners {
                let row = try #require(
                    rows.first { $0["mid"] as? String == id && $0["option"] as? String == runner.id },
                    "runner \(runner.id) is not on the board")
                #expect(row["st"] as? String == "closed")
            }
        }
    }
}

/// What the oracle says of one market's active runners when it was last open, and how they ended.
struct OracleMarket {
    struct Runner {
        let id: String
        let handicap: Decimal
        /// Best back price and size, best lay price and size, last traded; nil for none.
        let prices: [Decimal?]
        /// The result's code in `selections`.
        let result: String
    }

    let runners: [Runner]
    /// When it was suspended or closed for the last time while it was open; milliseconds since 1970.
    let lastOpenUntil: Int

    static func read(_ path: String) throws -> [String: OracleMarket] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let file = try JSONDecoder().decode(File.self, from: data)
        return file.markets.mapValues { market in
            let final = Dictionary(market.final.runners.map { ("\($0.id) \($0.hc)", $0.status) }) { first, _ in first }
            let active = market.last_open.runners.filter { $0.status == "ACTIVE" }
            return OracleMarket(
                runners: active.map { runner in
                    Runner(
                        id: "\(runner.id)", handicap: runner.hc,
                        prices: [
                            runner.back?.first, runner.back?.last, runner.lay?.first, runner.lay?.last, runner.ltp,
                        ], result: results[final["\(runner.id) \(runner.hc)"] ?? ""] ?? "")
                }, lastOpenUntil: lastOpenUntil(market.status_transitions))
        }
    }

    private static func lastOpenUntil(_ transitions: [Transition]) -> Int {
        let ends = zip(transitions, transitions.dropFirst()).filter { $0.status == "OPEN" && $1.status != "OPEN" }
        return ends.last?.1.pt ?? 0
    }

    private static let results = ["WINNER": "1", "LOSER": "2", "PLACED": "3", "REMOVED": "5"]

    private struct File: Decodable {
        let markets: [String: Market]
    }

    private struct Transition: Decodable {
        let status: String
        let pt: Int
    }

    private struct Market: Decodable {
        let status_transitions: [Transition]
        let last_open: State
        let final: State
    }

    private struct State: Decodable {
        let runners: [RunnerState]
    }

    private struct RunnerState: Decodable {
        let id: Int
        let hc: Decimal
        let status: String
        let back: [Decimal]?
        let lay: [Decimal]?
        let ltp: Decimal?
    }
}
