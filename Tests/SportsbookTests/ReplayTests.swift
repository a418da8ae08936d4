import FeedModel
import Foundation
import Testing
import WebSocketTransport

@testable import Sportsbook

@Suite(.timeLimit(.minutes(1))) struct ReplayTests {
    private func withRecording(
        _ lines: [String], name: String = "recording.ndjson", _ body: (String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
        try await body(file.path)
    }

    private func withReplay(
        _ configuration: ReplayConfiguration, _ body: (RecordingServer, BookClient) async throws -> Void
    ) async throws {
        let server = RecordingServer(configuration, logger: BookClient.logger)
        let url = try await server.start()
        do {
            try await body(server, try await BookClient(url))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func value(_ key: StaticString, _ line: String) -> String? {
        Array(line.utf8).withUnsafeBytes { bytes in
            TopLevelScanner.value(of: key, in: bytes).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func valuesAreFoundAtTheTopOnly() {
        let line = #"{"op":"mcm","mc":[{"pt":1,"s":"}\"{"}],"pt" : 99 ,"clk":"a\"b","e":{},"n":null}"#
        #expect(value("pt", line) == "99 ")
        #expect(value("clk", line) == #""a\"b""#)
        #expect(value("e", line) == "{}")
        #expect(value("n", line) == "null")
        #expect(value("s", line) == nil)
        #expect(value("op", #" [{"op":1},{"op":2}]"#) == "1")
        for broken in ["", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "42", "{}", "{\"a\":\"\\"] {
            #expect(value("b", broken) == nil)
        }
    }

    @Test func heartbeatsOfEveryProviderAreAnswered() {
        func request(_ dialect: ReplayDialect, _ text: String) -> ReplayRequest {
            Array(text.utf8).withUnsafeBytes { ReplayRequest($0, dialect: dialect) }
        }
        let list = request(.kalshi, #"{"id":7,"cmd":"list_subscriptions"}"#)
        #expect(list.replies == [#"{"type":"ok","id":7,"msg":[{"channel":"replay","sid":1}]}"#])
        #expect(list.start == nil, "the lines go on where they are")
        #expect(request(.kalshi, #"{"id":1,"cmd":"subscribe","params":{}}"#).start == .beginning)
        let life = request(.kalshi, #"{"id":2,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}"#)
        #expect(life.start == nil && life.replies.count == 1, "the lines begin once")
        let ping = request(.polymarket, "PING")
        #expect(ping.replies == ["PONG"] && ping.start == nil)
    }

    @Test func clocksOfEveryProvider() {
        func clock(_ dialect: ReplayDialect, _ line: String) -> Int64? {
            Array(line.utf8).withUnsafeBytes { dialect.clock($0) }
        }
        #expect(clock(.betfair, #"{"op":"mcm","pt":1657018212979}"#) == 1_657_018_212_979)
        #expect(clock(.sportsbook, #"{"timestamp":"1970-01-01T00:00:01.500Z"}"#) == 1_500)
        #expect(clock(.polymarket, #"[{"timestamp":"1751556512021"}]"#) == 1_751_556_512_021)
        #expect(clock(.kalshi, #"{"type":"trade","msg":{"ts":1751556512}}"#) == 1_751_556_512_000)
        #expect(clock(.generic, #"{"x":1}"#) == nil)
    }

    @Test func recordingsOfASocketKeepTheirPace() async throws {
        let encoded = Data("{\"n\":\n2}".utf8).base64EncodedString()
        let recording = [
            "1763719199000000\t" + #"{"pt":10,"n":1}"#, "1763719199250000\tbase64:\(encoded)",
            "1763719199250000\t" + #"{"op":"status"}"#, "1763719200000000\tno JSON, and\ttabs",
        ]
        try await withRecording(recording) { path in
            let timeline = ReplayTimeline([try RecordingFile(path: path)], dialect: .betfair)
            #expect(timeline.lines.map(\.due) == [0, 250, 1_000])
            let frames = timeline.lines.map { line in
                timeline.withLine(line) { String(decoding: $0, as: UTF8.self) }
            }
            #expect(frames == [#"{"pt":10,"n":1}"#, "{\"n\":\n2}", "no JSON, and\ttabs"])
        }
    }

    @Test func filesAreMergedByTheirClock() async throws {
        try await withRecording([#"{"pt":10,"n":1}"#, #"{"pt":30,"n":2}"#, #"{"pt":20,"n":3}"#]) { first in
            try await withRecording([#"{"pt":10,"n":4}"#, #"{"pt":25,"n":5}"#]) { second in
                let timeline = ReplayTimeline(
                    try [RecordingFile(path: first), RecordingFile(path: second)], dialect: .betfair,
                    longestSilence: .milliseconds(8))
                let order = timeline.lines.map { line in
                    timeline.withLine(line) { TopLevelScanner.integer(of: "n", in: $0) }
                }
                #expect(order == [1, 4, 5, 2, 3], "a clock that goes back is read as standing still")
                #expect(timeline.lines.map(\.due) == [0, 0, 8, 13, 13])
            }
        }
    }

    @Test func betfairSession() async throws {
        let lines = (1...50).map { #"{"op":"mcm","id":1,"clk":"C\#($0)","pt":\#(1_000 + $0),"mc":[]}"# }
        try await withRecording(lines) { path in
            var configuration = ReplayConfiguration(files: [path], dialect: .betfair)
            configuration.heartbeatInterval = .milliseconds(50)
            try await withReplay(configuration) { server, client in
                #expect(try await text(client)?.hasPrefix(#"{"op":"connection""#) == true)
                try await client.send(#"{"op":"authentication","id":1,"appKey":"a","session":"s"}"#)
                #expect(try await text(client)?.contains(#""id":1,"statusCode":"SUCCESS""#) == true)
                try await client.send(#"{"op":"marketSubscription","id":2,"marketFilter":{}}"#)
                #expect(try await text(client)?.contains(#""id":2,"statusCode":"SUCCESS""#) == true)
                for line in lines { #expect(try await text(client) == line) }
                #expect(try await text(client) == #"{"op":"mcm","clk":"C50","pt":1050,"ct":"HEARTBEAT"}"#)
                #expect(server.progress.isComplete && server.progress.clock == Timestamp(milliseconds: 1_050))
                // A reconnect goes on behind the token.
                try await client.send(#"{"op":"marketSubscription","id":3,"initialClk":"i","clk":"C48"}"#)
                _ = try await text(client)
                #expect(try await text(client) == lines[48])
            }
        }
    }

    @Test func sportsbookSession() async throws {
        let lines =
            [#"{"type":"subscribed","resumed":true,"next_seq":1,"oldest_seq":1}"#]
            + (5...9).map { #"{"type":"odds_change","seq":\#($0),"timestamp":"2026-01-01T00:00:00.00\#($0)Z"}"# }
        try await withRecording(lines) { path in
            try await withReplay(ReplayConfiguration(files: [path], dialect: .sportsbook)) { server, client in
                try await client.subscribe()
                let subscribed = try #require(try await client.next())
                #expect(subscribed.resumed == false && subscribed.next_seq == 5 && subscribed.oldest_seq == 5)
                #expect(try await client.next()?.seq == 4, "snapshot_complete")
                #expect(try await client.next(5).map(\.seq) == [5, 6, 7, 8, 9])
                #expect(server.progress.totalLines == 5, "the recorded session is not data")
                try await client.subscribe(after: 7)
                #expect(try await client.next()?.resumed == true)
                #expect(try await client.next()?.seq == 8)
            }
        }
    }

    @Test func speedFollowsTheProvidersClock() async throws {
        let lines = (0...4).map { #"{"pt":\#(1_000_000_000_000 + $0 * 1_000)}"# }
        try await withRecording(lines) { path in
            var configuration = ReplayConfiguration(files: [path], dialect: .generic)
            configuration.speed = .times(10)
            try await withReplay(configuration) { _, client in
                _ = try await text(client)
                let began = ContinuousClock.now
                for _ in 1...4 { _ = try await text(client) }
                #expect(ContinuousClock.now - began > .milliseconds(350), "4 s at 10×")
            }
        }
    }

    @Test func compressedRecordings() async throws {
        try await withRecording((1...2_000).map { #"{"pt":\#($0)}"# }) { path in
            let gzip = Process()
            gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            gzip.arguments = ["gzip", path]
            try gzip.run()
            gzip.waitUntilExit()
            let file = try RecordingFile(path: path + ".gz")
            #expect(file.lines.count == 2_000)
            file.withLine(file.lines[1_999]) { #expect($0.elementsEqual(#"{"pt":2000}"#.utf8)) }
        }
    }

    @Test func unreadableRecordingsAreNamed() async throws {
        #expect(throws: SportsbookError.self) { try RecordingFile(path: "/nowhere/at/all") }
        try await withRecording([]) { path in
            #expect(throws: SportsbookError.recording(file: path, reason: "it holds no line")) {
                try RecordingFile(path: path)
            }
        }
        await #expect(throws: SportsbookError.self) {
            try await RecordingServer(ReplayConfiguration(files: [], dialect: .generic)).start()
        }
    }

    private func text(_ client: BookClient) async throws -> String? {
        try await client.nextFrame().map { String(decoding: $0, as: UTF8.self) }
    }
}
