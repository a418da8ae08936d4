import Foundation
import Testing
import WebSocketTransport

@testable import Sportsbook

@Suite(.timeLimit(.minutes(1))) struct FaultTests {
    private let load = SportsbookConfiguration.Content.load(LoadConfiguration(total: 500, fixtures: 16))

    /// A client that has subscribed behind number 0 and read the answer.
    private func subscribed(
        _ url: String, _ change: (inout WebSocketClientConfiguration) -> Void = { _ in }
    ) async throws -> BookClient {
        let client = try await BookClient(url, change)
        try await client.subscribe(after: 0)
        _ = try await client.next()
        return client
    }

    private func script(_ trigger: Fault.Trigger, _ action: Fault.Action) -> FaultScript {
        FaultScript([Fault(on: .number(1), when: trigger, action)])
    }

    @Test(arguments: [true, false]) func drop(withReset: Bool) async throws {
        try await withSportsbook(load, faults: script(.messages(10), .drop(withReset: withReset))) { _, url in
            let client = try await subscribed(url)
            #expect(try await client.next(10).last?.seq == 10)
            let reason = try await client.readToEnd()
            #expect(reason?.code == 1006 && reason?.text == (withReset ? "reset by the other end" : ""))
            let again = try await subscribed(url)
            #expect(try await again.next(500).last?.seq == 500, "only the first connection")
        }
    }

    @Test func refusedConnections() async throws {
        let faults = FaultScript([
            Fault(on: .number(1), when: .opened, .refuse(status: 401, retryAfter: nil)),
            Fault(on: .number(2), when: .opened, .refuse(status: 503, retryAfter: .seconds(3))),
        ])
        try await withSportsbook(load, faults: faults) { _, url in
            for expected in [401, 503] {
                do {
                    _ = try await BookClient(url)
                    Issue.record("let in")
                } catch WebSocketError.refused(let status, let retryAfter, _) {
                    #expect(status == expected)
                    #expect(retryAfter == (status == 503 ? .seconds(3) : nil))
                }
            }
            _ = try await subscribed(url)
        }
    }

    @Test func closedRightAfterOpening() async throws {
        let faults = FaultScript([Fault(on: .upTo(3), when: .opened, .close(1013, reason: "later"))])
        try await withSportsbook(load, faults: faults) { _, url in
            for _ in 1...3 { #expect(try await BookClient(url).readToEnd()?.code == 1013) }
            _ = try await subscribed(url)
        }
    }

    @Test(arguments: [1001, 1012, 1013, 4401, 4429] as [UInt16]) func closeCode(code: UInt16) async throws {
        let close = Fault.Action.close(CloseCode(rawValue: code), reason: "scripted")
        try await withSportsbook(load, faults: script(.messages(3), close)) { _, url in
            let client = try await subscribed(url)
            #expect(try await client.next(3).count == 3)
            let reason = try await client.readToEnd()
            #expect(reason?.code.rawValue == code && reason?.isFromPeer == true)
        }
    }

    @Test func errorThenClose() async throws {
        let error = Fault.Action.error(code: "overload", message: "try later", 1013)
        try await withSportsbook(load, faults: script(.subscribed, error)) { _, url in
            let client = try await BookClient(url)
            try await client.subscribe()
            #expect(try await client.next()?.code == "overload")
            #expect(try await client.readToEnd()?.code == 1013)
        }
    }

    @Test func skippedNumbersCanBeResumed() async throws {
        try await withSportsbook(load, faults: script(.messages(10), .skip(5))) { _, url in
            let client = try await subscribed(url)
            #expect(try await client.next(12).map(\.seq).suffix(3) == [10, 16, 17])
            try await client.subscribe(after: 10)
            #expect(try await client.read(to: "subscribed").message.next_seq == 11)
            #expect(try await client.next(3).map(\.seq) == [11, 12, 13])
        }
    }

    @Test func duplicatedMessages() async throws {
        try await withSportsbook(load, faults: script(.messages(10), .duplicate(4))) { _, url in
            let client = try await subscribed(url)
            #expect(try await client.next(15).map(\.seq).suffix(6) == [10, 7, 8, 9, 10, 11])
        }
    }

    @Test func garbageBetweenMessages() async throws {
        try await withSportsbook(load, faults: script(.messages(2), .garbage)) { _, url in
            let client = try await subscribed(url)
            _ = try await client.next(2)
            let frame = try #require(try await client.nextFrame())
            #expect(throws: (any Error).self) { try DecodedMessage(frame) }
            #expect(try await client.next()?.seq == 3)
        }
    }

    @Test func damagedMessagesAmongGoodOnes() async throws {
        let damage = Fault.Action.damage([.unknownType, .oddBelowOne], isInArray: true)
        try await withSportsbook(load, faults: script(.messages(4), damage)) { _, url in
            let client = try await subscribed(url)
            let messages = try await client.next(12)
            #expect(messages.map(\.seq) == (1...12).map { $0 }, "numbers go on through the damage")
            #expect(messages[5].type == "weather_report" && messages[7].odd_value?.value == 0.5)
            #expect([4, 6, 8].allSatisfy { messages[$0].type == "odds_change" })
        }
    }

    @Test func silenceEnds() async throws {
        let silence = Fault.Action.silence(.milliseconds(300), isHalfOpen: false)
        let faults = script(.messages(5), silence)
        try await withSportsbook(load, faults: faults, { $0.heartbeatInterval = .milliseconds(40) }) { _, url in
            let client = try await subscribed(url)
            _ = try await client.next(5)
            let began = ContinuousClock.now
            #expect(try await client.next()?.seq == 6, "no heartbeat either")
            #expect(ContinuousClock.now - began > .milliseconds(200))
        }
    }

    @Test(arguments: [true, false]) func onlyAHalfOpenPeerAnswersNoPing(isHalfOpen: Bool) async throws {
        let silence = Fault.Action.silence(.milliseconds(600), isHalfOpen: isHalfOpen)
        try await withSportsbook(load, faults: script(.messages(5), silence)) { _, url in
            let client = try await subscribed(url) {
                $0.pingInterval = .milliseconds(50)
                $0.pongTimeout = .milliseconds(150)
            }
            #expect(try await client.next(5).last?.seq == 5)
            if isHalfOpen {
                let reason = try await client.readToEnd()
                #expect(reason?.code == 1006 && reason?.text == "no pong")
            } else {
                #expect(try await client.next()?.seq == 6)
            }
        }
    }

    @Test func oversizedFrame() async throws {
        try await withSportsbook(load, faults: script(.messages(1), .oversized(bytes: 300_000))) { _, url in
            let client = try await subscribed(url) { $0.maximumMessageBytes = 100_000 }
            _ = try await client.next()
            #expect(try await client.readToEnd()?.code == 1009)
        }
        try await withSportsbook(load, faults: script(.messages(1), .oversized(bytes: 300_000))) { _, url in
            let client = try await subscribed(url)
            _ = try await client.next()
            #expect(try await client.nextFrame()?.count == 300_000)
            #expect(try await client.next()?.seq == 2)
        }
    }

    @Test func compressionBomb() async throws {
        let faults = script(.messages(1), .compressionBomb(bytes: 20_000_000))
        try await withSportsbook(load, faults: faults, { $0.compression = .withoutContextTakeover }) { _, url in
            let client = try await subscribed(url) { $0.compression = CompressionOffer() }
            _ = try await client.next()
            #expect(try await client.readToEnd()?.code == 1009)
        }
    }

    @Test func bombInflatesToWhatItClaims() async throws {
        let faults = script(.messages(1), .compressionBomb(bytes: 100_000))
        try await withSportsbook(load, faults: faults, { $0.compression = .withoutContextTakeover }) { _, url in
            let client = try await subscribed(url) { $0.compression = CompressionOffer() }
            _ = try await client.next()
            let frame = try #require(try await client.nextFrame())
            #expect((99_000...100_000).contains(frame.count) && frame.allSatisfy { $0 == 0x20 })
        }
    }

    @Test func slowSending() async throws {
        let slow = Fault.Action.slow(bytesPerSecond: 20_000, for: .milliseconds(500))
        try await withSportsbook(load, faults: script(.messages(10), slow)) { _, url in
            let client = try await subscribed(url)
            _ = try await client.next(10)
            let began = ContinuousClock.now
            #expect(try await client.next(490).map(\.seq) == (11...500).map { $0 }, "late, but whole")
            #expect(ContinuousClock.now - began > .milliseconds(200))
        }
    }

    @Test func timedFault() async throws {
        let faults = script(.elapsed(.milliseconds(50)), .close(1012, reason: ""))
        try await withSportsbook(load, faults: faults) { _, url in
            let client = try await subscribed(url)
            #expect(try await client.readToEnd()?.code == 1012)
        }
    }
}
