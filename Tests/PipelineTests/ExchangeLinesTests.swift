import DevServices
import Foundation
import TestSupport
import Testing

/// The exchange as it is in the world: lines over TLS, an image in segments, resumption by its tokens, and their loss.
@Suite(.serialized, .enabled(if: TestCertificates.isPossible, "needs openssl")) struct ExchangeLinesTests {
    /// A scripted exchange with one market, `1.5`.
    private enum Exchange {
        /// What it sends once the orders are subscribed to, by connection.
        static let changes: [Int: [String]] = [
            1: [
                change(
                    #""ct":"SUB_IMAGE","initialClk":"mi","clk":"m1","segmentType":"SEG_START""#, runner(1, "2.0"),
                    definition),
                change(#""ct":"SUB_IMAGE","segmentType":"SEG""#, runner(2, "3.0")),
                change(#""ct":"SUB_IMAGE","clk":"m2","segmentType":"SEG_END""#, runner(3, "4.0")),
                #"{"op":"ocm","id":3,"ct":"SUB_IMAGE","initialClk":"oi","clk":"o1","pt":\#(publishTime)}"#,
                change(#""clk":"m3""#, runner(1, "2.1")),
            ],
            2: [
                change(#""ct":"RESUB_DELTA","clk":"m4""#, runner(1, "2.2")),
                #"{"op":"ocm","id":3,"ct":"RESUB_DELTA","clk":"o2","pt":\#(publishTime)}"#,
            ],
            4: [change(#""ct":"SUB_IMAGE","initialClk":"mi2","clk":"m9""#, runner(1, "2.5"), definition)],
        ]

        static let publishTime = 1_763_719_199_000

        static let definition = """
            "img":true,"marketDefinition":{"eventId":"ev","eventTypeId":"1","eventName":"A v B","name":"Match Odds",\
            "marketType":"MATCH_ODDS","bettingType":"ODDS","numberOfWinners":1,"marketTime":"2025-11-21T11:00:00.000Z",\
            "status":"OPEN","inPlay":false,"runners":[{"id":1,"status":"ACTIVE","name":"A"},\
            {"id":2,"status":"ACTIVE","name":"B"},{"id":3,"status":"ACTIVE","name":"Draw"}]},
            """

        static func runner(_ id: Int, _ price: String) -> String {
            #"{"id":\#(id),"atb":[[\#(price),10],[1.01,0]]}"#
        }

        static func change(_ fields: String, _ runner: String, _ definition: String = "") -> String {
            #"{"op":"mcm","id":2,"pt":\#(publishTime),\#(fields),"mc":[{"id":"1.5",\#(definition)"rc":[\#(runner)]}]}"#
        }

        static func answer(_ connection: Int, _ line: String?) -> [LineServer.Step] {
            guard let line else { return [.say(#"{"op":"connection","connectionId":"\#(connection)"}"#)] }
            func success(_ id: Int) -> LineServer.Step {
                .say(#"{"op":"status","id":\#(id),"statusCode":"SUCCESS","connectionClosed":false}"#)
            }
            if line.contains(#""op":"authentication""#) { return [success(1)] }
            if line.contains(#""op":"marketSubscription""#) {
                guard connection == 3 else { return [success(2)] }
                let refusal = #"{"op":"status","id":2,"statusCode":"FAILURE","errorCode":"INVALID_CLOCK"}"#
                return [.say(refusal), .hangUp]
            }
            guard line.contains(#""op":"orderSubscription""#) else { return [] }
            let steps = [success(3)] + (changes[connection] ?? []).map { .say($0) }
            return connection == 1 ? steps + [.hangUp] : steps
        }
    }

    private static let prices = """
        SELECT string_agg(option_id || '=' || trim_scale(odd_value), ' ' ORDER BY option_id) FROM (
            SELECT DISTINCT ON (s.selection_key) s.option_id, t.odd_value
            FROM odds_ticks t JOIN selections s USING (selection_key) WHERE t.status = 1
            ORDER BY s.selection_key, t.position DESC) last
        """

    @Test(.timeLimit(.minutes(2))) func `a resume leaves no gap, and an invalid clock leaves one`() async throws {
        let redis = try await TestServers.redis()
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let pair = try await certificates.certificate("exchange", for: "DNS:localhost", by: authority)
            let exchange = LineServer(certificate: pair, script: Exchange.answer)
            let port = try await exchange.start()
            try await TestServers.withDatabase { url in
                let database = PipelineDatabase(url)
                let stages = try StageProcesses(
                    configuration: """
                        redis: { url: "\(redis.url)", prefix: "\(RandomName.next("lines"))" }
                        postgres: { url: "\(url)" }
                        broadcaster: { listen: "127.0.0.1:0" }
                        operations: { listen: "127.0.0.1:0" }
                        feeds:
                          exchange:
                            provider: betfair
                            url: "tls://localhost:\(port)"
                            tls: { ca: "\(authority.certificate)" }
                            app_key: key
                            token: token
                            orders: true
                        """)
                #expect(try await stages.run(["migrate"]).code == 0)
                try await stages.start("run")
                try await database.until("SELECT (\(Self.prices)) = '1=2.2 2=3 3=4'")
                #expect(exchange.connectionCount == 2)
                #expect(try await database.value("SELECT count(*) FROM gaps") == "0")
                exchange.hangUp()
                try await database.until("SELECT (\(Self.prices)) LIKE '1=2.5%'")
                #expect(try await database.value("SELECT string_agg(kind, ' ') FROM gaps") == "reconnect")
                #expect(exchange.connectionCount == 4)
                Self.expectTokens(in: exchange.heard)
                #expect(try await database.value("SELECT count(*) FROM letters") == "0")
                let audit = try await stages.run(["verify"])
                #expect(audit.code == 0, "\(audit.output)")
                await stages.expectCleanEnd()
            }
            await exchange.stop()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `an exchange that falls silent is left`() async throws {
        let redis = try await TestServers.redis()
        // Every connection becomes live with what the second one is told, and hears nothing more.
        let exchange = LineServer { _, line in Exchange.answer(2, line) }
        let port = try await exchange.start()
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)", prefix: "\(RandomName.next("lines"))" }
                operations: { listen: "127.0.0.1:0" }
                feeds:
                  exchange: { provider: betfair, url: "tcp://127.0.0.1:\(port)", app_key: k, token: t, orders: true }
                """)
        try await stages.start("feed")
        for _ in 0..<300 where exchange.connectionCount < 2 { try await Task.sleep(for: .milliseconds(100)) }
        let said = try await stages.run(
            ["tap", "exchange", "raw", "--from-start", "--filter", "no frame for", "--limit", "1"])
        #expect(said.output.contains("no frame for"), "\(said.output)")
        #expect(exchange.heard.contains { $0.contains(#""op":"heartbeat""#) }, "it was asked whether it lives")
        await stages.expectCleanEnd()
        await exchange.stop()
    }

    /// What each connection asked to be resumed from.
    private static func expectTokens(in heard: [String]) {
        func tokens(_ operation: String) -> [String] {
            heard.filter { $0.contains("\"op\":\"\(operation)\"") }.map { line in
                let initial = line.firstMatch(of: /"initialClk":"(\w+)"/)?.1 ?? "-"
                return "\(initial) \(line.firstMatch(of: /"clk":"(\w+)"/)?.1 ?? "-")"
            }
        }
        #expect(tokens("marketSubscription") == ["- -", "mi m3", "mi m4", "- -"])
        #expect(tokens("orderSubscription").prefix(2) == ["- -", "oi o1"])
        #expect(tokens("orderSubscription").last == "- -")
    }
}
