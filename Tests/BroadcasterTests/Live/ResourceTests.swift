import FeedModel
import Foundation
import Testing
import WebSocketTransport

@testable import Broadcaster

/// What the REST resources answer.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ResourceTests {
    private static func prices(_ text: String) throws -> [String: Double] {
        var prices: [String: Double] = [:]
        for lane in try JSONText(parsing: text)["lanes"]?.array ?? [] {
            for row in lane["rows"]?.array ?? [] { prices[row["option"]?.string ?? ""] = row["p"]?.number }
        }
        return prices
    }

    /// Asks until the answer is as it should be.
    private func poll(
        _ live: LiveBroadcaster, _ target: String, until isDone: (String) throws -> Bool
    ) async throws -> String {
        while true {
            let text = try await live.get(target).text
            if try isDone(text) { return text }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func oddsAndTheirTag() async throws {
        try await LiveBroadcaster.with { live in
            var script = EntryScript(feed: live.feed.feed)
            try await live.feed.append(
                script.entry(.fixture("fx", sport: "football"), .odds(fixture: "fx", option: "home", price: "1.5")))
            let text = try await poll(live, "/v1/odds") { try Self.prices($0) == ["home": 1.5] }
            try ProtocolSchemas.check(document: text, "odds")
            let first = try await live.get("/v1/odds")
            let tag = try #require(first.headers["etag"])
            #expect(try await live.get("/v1/odds", [.init("If-None-Match", tag)]).status == 304)
            try await live.feed.append(script.entry(.odds(fixture: "fx", option: "home", price: "1.6")))
            _ = try await poll(live, "/v1/odds") { try Self.prices($0) == ["home": 1.6] }
            #expect(try await live.get("/v1/odds", [.init("If-None-Match", tag)]).status == 200)
            #expect(try await live.get("/v1/odds?sports=tennis").text.contains(#""unknown":["sports:tennis"]"#))
            let fixtures = try await live.get("/v1/fixtures").text
            try ProtocolSchemas.check(document: fixtures, "odds")
            #expect(fixtures.contains(#""rows":[]"#) && fixtures.contains(#""sport":"football""#))
        }
    }

    @Test func whatIsNoEntryIsSkipped() async throws {
        try await LiveFeed.with { feed in
            var script = EntryScript(feed: feed.feed)
            func goOn(_ price: String) async throws {
                try await feed.append(script.entry(.odds(fixture: "fx", option: "home", price: price)))
                for junk in [["foo", "bar"], ["e", ""], ["e", "\u{1}garbage"]] {
                    try await feed.append(junk: junk, behind: script.last)
                    // Stream ids only grow.
                    try await feed.append(script.entry(.odds(fixture: "fx", option: "away", price: "3")))
                }
            }
            // Both while it loads and while it reads on.
            try await goOn("1.5")
            try await feed.serve { live in
                _ = try await poll(live, "/v1/odds") { try Self.prices($0) == ["home": 1.5, "away": 3] }
                try await goOn("1.6")
                _ = try await poll(live, "/v1/odds") { try Self.prices($0) == ["home": 1.6, "away": 3] }
                let text = try await live.get("/v1/odds").text
                #expect(!text.contains("recovering") && !text.contains("\"gap\""), "\(text)")
            }
        }
    }

    @Test func changesAfterACursor() async throws {
        try await LiveBroadcaster.with { live in
            var script = EntryScript(feed: live.feed.feed)
            try await live.feed.append(script.entry(.fixture("fx"), .odds(fixture: "fx", option: "home", price: "1.5")))
            let begin = try await poll(live, "/v1/odds") { try Self.prices($0) == ["home": 1.5] }
            let cursor = try #require(try JSONText(parsing: begin)["cur"]?.string)
            let nothing = try await live.get("/v1/odds/changes?since=\(cursor)").text
            #expect(nothing.contains(#""lanes":[],"deltas":[]"#))

            let client = BookClient()
            let lanes = try #require(try JSONSerialization.jsonObject(with: Data(begin.utf8)) as? [String: Any])[
                "lanes"]
            try client.take(Self.snapshot(lanes))
            try await live.feed.append(
                script.entry(
                    .odds(fixture: "fx", option: "home", price: "1.7"), .odds(fixture: "fx", option: "away", price: "3")
                ))
            try await live.feed.append(script.entry(.odds(fixture: "fx-2", option: "x", price: "9")))
            let changes = try await poll(live, "/v1/odds/changes?since=\(cursor)") { $0.contains("fx-2") }
            try ProtocolSchemas.check(document: changes, "changes")
            #expect(!changes.contains("reset"))
            try Self.apply(changes, to: client)
            let whole = BookClient()
            let now = try await live.get("/v1/odds").text
            try whole.take(
                Self.snapshot(
                    try #require(try JSONSerialization.jsonObject(with: Data(now.utf8)) as? [String: Any])["lanes"]))
            #expect(differences(client.lanes, whole.lanes) == [])
        }
    }

    @Test func changesThatCannotBeTold() async throws {
        try await LiveBroadcaster.with { live in
            var script = EntryScript(feed: live.feed.feed)
            try await live.feed.append(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")))
            let begin = try await poll(live, "/v1/odds") { try Self.prices($0) == ["home": 1.5] }
            let cursor = try #require(try JSONText(parsing: begin)["cur"]?.string)
            for (target, reason) in [
                ("since=AQ", "token_invalid"), ("since=\(cursor)&format=american", "filter_changed"),
            ] {
                let text = try await live.get("/v1/odds/changes?\(target)").text
                try ProtocolSchemas.check(document: text, "changes")
                #expect(text.contains(#""reset":"\#(reason)""#) && text.contains("fx"))
            }
            for (target, words) in [
                ("/v1/odds/changes", "since is missing"),
                ("/v1/odds?sport=x", "sport is not known: known are feeds, sports"),
                ("/v1/odds?live=maybe", "live must be true or false"),
                ("/v1/stream?format=roman", "format must be one of decimal, american, probability"),
            ] {
                let answer = try await live.get(target)
                #expect(answer.status == 400 && answer.errorCode == "bad_parameter", "\(target)")
                #expect(answer.text.contains(words), "\(answer.text)")
                try ProtocolSchemas.check(document: answer.text, "error")
            }
            let many = (0...500).map { "f\($0)" }.joined(separator: ",")
            #expect(try await live.get("/v1/odds?fixtures=\(many)").errorCode == "limit_filter_ids")
        }
    }

    @Test func whatDescribesTheRest() async throws {
        try await LiveBroadcaster.with { live in
            for (target, name) in [("/v1/feeds", "feeds"), ("/v1/limits", "limits"), ("/v1/ops", "ops")] {
                try ProtocolSchemas.check(document: try await live.get(target).text, name)
            }
            for path in ProtocolDocument.texts.keys {
                let answer = try await live.get(path)
                #expect(answer.status == 200 && answer.headers["content-type"]?.contains("json") == true, "\(path)")
            }
            #expect(try await live.get("/v1/ws").status == 426)
        }
    }

    @Test func theHealthOfThePipeline() async throws {
        try await LiveBroadcaster.with { live in
            var script = EntryScript(feed: live.feed.feed)
            try await live.feed.append(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")))
            // The second answer that differs from the first has a sample before it to tell rates from.
            let text = try await poll(live, "/v1/ops") {
                try JSONText(parsing: $0)["feeds"]?.array?.first?["processed_per_s"]?.number != nil
            }
            try ProtocolSchemas.check(document: text, "ops")
            let feed = try #require(try JSONText(parsing: text)["feeds"]?.array?.first)
            let events = try #require(feed["streams"]?.array?.first { $0["name"]?.string == "events" })
            let writer = try #require(events["groups"]?.array?.first)
            #expect(events["length"]?.number == 1 && writer["lag"]?.number == 1 && writer["pending"]?.number == 0)
            #expect(feed["processor_owner"] == .null && feed["state"]?.string == "down")
            for path in ["/ops", "/ops.css", "/ops.js"] { #expect(try await live.get(path).status == 200) }
        }
    }

    @Test func theHealthIsForThoseWhoLookAfterIt() async throws {
        var grant = AccessGrant(name: "key:partner")
        grant.feeds = ["book-a"]
        var authentication = SubscriberAuthentication()
        authentication.add(token: "root", name: "token")
        authentication.add(token: "partner", name: "x")
        for key in authentication.keys.keys where authentication.keys[key]?.name == "x" {
            authentication.keys[key] = grant
        }
        try await LiveBroadcaster.with({ $0.authentication = authentication }) { live in
            for (query, status) in [("?token=root", 200), ("?token=partner", 403), ("", 401)] {
                let answer = try await live.get("/v1/ops\(query)")
                #expect(answer.status == status, "\(query)")
            }
        }
    }

    // MARK: Books

    private static func snapshot(_ lanes: Any?) throws -> String {
        let message: [String: Any] = ["t": "snap", "lanes": lanes ?? []]
        return String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self)
    }

    private static func apply(_ changes: String, to client: BookClient) throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(changes.utf8)) as? [String: Any])
        try client.take(snapshot(object["lanes"]))
        for delta in object["deltas"] as? [[String: Any]] ?? [] {
            try client.take(String(decoding: try JSONSerialization.data(withJSONObject: delta), as: UTF8.self))
        }
    }
}
