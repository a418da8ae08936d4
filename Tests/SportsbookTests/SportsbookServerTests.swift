import FeedModel
import Foundation
import Testing
import WebSocketTransport

@testable import Sportsbook

@Suite(.timeLimit(.minutes(1))) struct SportsbookServerTests {
    private let world = SportsbookConfiguration.Content.simulator(
        SimulatorConfiguration(seed: 5, fixtures: 10, rate: 2_000, speed: 60))

    @Test func wrongTokenIsRefusedBeforeTheUpgrade() async throws {
        try await withSportsbook(world, { $0.token = "secret" }) { _, url in
            for token in [nil, "wrong"] {
                do {
                    _ = try await BookClient(url, token: token)
                    Issue.record("let in with token \(token ?? "none")")
                } catch WebSocketError.refused(let status, _, _) {
                    #expect(status == 401)
                }
            }
            let client = try await BookClient(url, token: "secret")
            try await client.send(#"{"op":"ping","id":7}"#)
            let pong = try await client.next()
            #expect(pong?.type == "pong" && pong?.id == 7)
        }
    }

    @Test func snapshotThenContiguousNumbers() async throws {
        try await withSportsbook(world) { _, url in
            let client = try await BookClient(url)
            try await client.subscribe()
            let subscribed = try #require(try await client.next())
            #expect(subscribed.type == "subscribed" && subscribed.resumed == false)
            let (snapshot, complete) = try await client.read(to: "snapshot_complete")
            #expect(snapshot.count > 10 && snapshot.allSatisfy { $0.snapshot == true && $0.seq == nil })
            #expect(complete.seq == (subscribed.next_seq ?? 0) - 1)
            let live = try await client.next(500)
            let first = try #require(subscribed.next_seq)
            #expect(live.map(\.seq) == (0..<500).map { first + $0 })
        }
    }

    @Test func resumeGivesWhatWasMissed() async throws {
        try await withSportsbook(world) { _, url in
            let first = try await BookClient(url)
            try await first.subscribe()
            _ = try await first.read(to: "snapshot_complete")
            let seen = try await first.next(300)
            await first.connection.close()

            let second = try await BookClient(url)
            try await second.subscribe(after: 100)
            let subscribed = try #require(try await second.next())
            #expect(subscribed.resumed == true && subscribed.next_seq == 101)
            let again = try await second.next(200)
            #expect(again == Array(seen[100..<300]), "the same messages, in the same order")
        }
    }

    @Test func eachStreamSetIsASequenceOfItsOwn() async throws {
        try await withSportsbook(world) { _, url in
            let client = try await BookClient(url)
            try await client.subscribe(#""bets""#)
            _ = try await client.read(to: "snapshot_complete")
            let bets = try await client.next(20)
            #expect(bets.allSatisfy { $0.type == "bet_placement" })
            #expect(bets.map(\.seq) == (1...20).map { $0 })
            // The same connection may subscribe anew.
            try await client.subscribe(#""bets""#, after: 10)
            let subscribed = try await client.read(to: "subscribed").message
            #expect(subscribed.resumed == true)
            #expect(try await client.next(10) == Array(bets[10..<20]))
        }
    }

    @Test func whatIsNoLongerHeldCannotBeResumed() async throws {
        try await withSportsbook(world, { $0.retainedBytes = 20_000 }) { _, url in
            let first = try await BookClient(url)
            try await first.subscribe()
            _ = try await first.read(to: "snapshot_complete")
            _ = try await first.next(500)
            let second = try await BookClient(url)
            try await second.subscribe(after: 1)
            let subscribed = try #require(try await second.next())
            #expect(subscribed.resumed == false && (subscribed.oldest_seq ?? 0) > 2)
            _ = try await second.read(to: "snapshot_complete")
            let third = try await BookClient(url)
            try await third.subscribe(after: 1_000_000)
            #expect(try await third.next()?.resumed == false, "a number of the future")
        }
    }

    @Test func asFastAsItIsRead() async throws {
        let fast = SportsbookConfiguration.Content.simulator(SimulatorConfiguration(fixtures: 10, rate: nil, speed: 60))
        try await withSportsbook(fast, { $0.messagesPerFrame = 8 }) { _, url in
            let client = try await BookClient(url)
            try await client.subscribe()
            _ = try await client.read(to: "snapshot_complete")
            let live = try await client.next(3_000)
            #expect(live.map(\.seq) == (1...3_000).map { $0 })
        }
    }

    @Test func arraysCarrySeveralMessages() async throws {
        try await withSportsbook(.load(LoadConfiguration(total: 100)), { $0.messagesPerFrame = 10 }) { _, url in
            let client = try await BookClient(url)
            try await client.subscribe(after: 0)
            _ = try await client.next()
            var sizes: [Int] = []
            while sizes.reduce(0, +) < 100, let frame = try await client.nextFrame() {
                sizes.append(try DecodedMessage.messages(in: frame).count)
            }
            #expect(sizes.max() == 10 && sizes.reduce(0, +) == 100)
        }
    }

    @Test func loadSendsEveryNumberThenHeartbeats() async throws {
        var load = LoadConfiguration(total: 5_000, fixtures: 16)
        load.isGated = true
        try await withSportsbook(.load(load), { $0.heartbeatInterval = .milliseconds(50) }) { server, url in
            let client = try await BookClient(url)
            try await client.subscribe()
            let (snapshot, _) = try await client.read(to: "snapshot_complete")
            #expect(snapshot.filter { $0.type == "fixture_update" }.count == 16)
            #expect(try await client.next()?.seq == 0, "a heartbeat: the gate is closed")
            await server.openGate()
            var numbers = 0
            while let message = try await client.next() {
                if message.type == "heartbeat", numbers == 0 { continue }
                if message.type == "heartbeat" {
                    #expect(message.seq == 5_000)
                    break
                }
                numbers += 1
                let expected = load.expectation(Int64(numbers))
                guard message.seq == Int64(numbers), message.fixture_id == expected.fixtureID,
                    message.option_id == expected.optionID,
                    message.odd_value?.value == Decimal(string: expected.odd.description)
                else { throw TestFailure("message \(numbers) is \(message)") }
            }
            #expect(numbers == 5_000)
            #expect(await server.statistics().messages == 5_000)
        }
    }

    @Test func loadResumesAnywhere() async throws {
        try await withSportsbook(.load(LoadConfiguration(total: 1_000_000, rate: 5_000))) { _, url in
            let client = try await BookClient(url)
            try await client.subscribe(after: 654_321)
            let subscribed = try #require(try await client.next())
            #expect(subscribed.resumed == true && subscribed.next_seq == 654_322)
            #expect(try await client.next(300).map(\.seq) == (1...300).map { 654_321 + $0 })
        }
    }

    @Test(arguments: [
        (#"{"op":"dance"}"#, "unknown_op"), ("[]", "bad_request"), ("{", "bad_request"),
        (#"{"op":"subscribe"}"#, "missing_streams"), (#"{"op":"subscribe","streams":["scores"]}"#, "unknown_stream"),
    ])
    func nonsenseIsAnErrorAndAClose(request: String, code: String) async throws {
        try await withSportsbook(world) { _, url in
            let client = try await BookClient(url)
            try await client.send(request)
            let error = try #require(try await client.next())
            #expect(error.type == "error" && error.code == code)
            #expect(try await client.readToEnd()?.code == 1008)
        }
    }

    @Test func newTokenClosesOldConnections() async throws {
        try await withSportsbook(world, { $0.token = "old" }) { server, url in
            let client = try await BookClient(url, token: "old")
            try await client.subscribe()
            _ = try await client.read(to: "snapshot_complete")
            await server.replaceToken("new")
            #expect(try await client.readToEnd()?.code == 4401)
            await #expect(throws: WebSocketError.self) { _ = try await BookClient(url, token: "old") }
            _ = try await BookClient(url, token: "new")
        }
    }

    @Test func whoDoesNotSubscribeIsClosed() async throws {
        try await withSportsbook(world, { $0.subscribeTimeout = .milliseconds(50) }) { _, url in
            let client = try await BookClient(url)
            #expect(try await client.next()?.code == "subscribe_timeout")
            #expect(try await client.readToEnd()?.code == 1008)
        }
    }

    @Test func tooSlowIsClosed() async throws {
        let fast = SportsbookConfiguration.Content.simulator(
            SimulatorConfiguration(fixtures: 10, rate: 20_000, speed: 60))
        try await withSportsbook(fast, { $0.retainedBytes = 50_000 }) { _, url in
            let client = try await BookClient(url) { $0.inboxBytes = 1_000 }
            try await client.subscribe()
            // Nothing is read until the server's log, the socket and the inbox have long overflowed.
            try await Task.sleep(for: .seconds(4))
            #expect(try await client.readToEnd()?.code == 4408)
        }
    }

    @Test func otherPathsAreNotFound() async throws {
        try await withSportsbook(world) { _, url in
            do {
                _ = try await BookClient(url + "/elsewhere")
                Issue.record("let in")
            } catch WebSocketError.refused(let status, _, _) {
                #expect(status == 404)
            }
        }
    }

    @Test func impossibleSettingsAreNamed() async {
        var configuration = SportsbookConfiguration(.load(LoadConfiguration(messageBytes: 1)))
        configuration.path = "feed"
        await #expect(throws: SportsbookError.self) { try await SportsbookServer(configuration).start() }
        #expect(configuration.problems.count == 2)
    }
}
