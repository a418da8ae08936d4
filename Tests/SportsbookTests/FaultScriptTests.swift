import FeedModel
import NIOCore
import Testing
import WebSocketTransport

@testable import Sportsbook

@Suite struct FaultScriptTests {
    @Test func textForm() throws {
        let script = try FaultScript([
            "*:messages=1000:reset", "2:opened:refuse=503,3s", "3-:elapsed=250ms:silence=15s",
            "-2:subscribed:close=1012", "<2m:opened:drop", "1:sequence=77:damage-in-array=odd_below_one+unknown_type",
            "1:messages=5:slow=1000,2s",
        ])
        #expect(
            script.faults == [
                Fault(when: .messages(1_000), .drop(withReset: true)),
                Fault(on: .number(2), when: .opened, .refuse(status: 503, retryAfter: .seconds(3))),
                Fault(on: .from(3), when: .elapsed(.milliseconds(250)), .silence(.seconds(15), isHalfOpen: false)),
                Fault(on: .upTo(2), when: .subscribed, .close(1012, reason: "scripted")),
                Fault(on: .within(.seconds(120)), when: .opened, .drop(withReset: false)),
                Fault(
                    on: .number(1), when: .sequence(77), .damage([.oddBelowOne, .unknownType], isInArray: true)),
                Fault(on: .number(1), when: .messages(5), .slow(bytesPerSecond: 1_000, for: .seconds(2))),
            ])
    }

    @Test(arguments: [
        "", "1", "1:opened", "x:opened:drop", "1:soon:drop", "1:opened:explode", "1:elapsed=5:drop", "0:opened:drop",
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: SportsbookError.self) { try Fault(text) }
    }

    @Test func connectionsAreCounted() {
        let director = FaultDirector(
            FaultScript([
                Fault(on: .number(2), when: .opened, .refuse(status: 401, retryAfter: nil)),
                Fault(on: .within(.seconds(10)), when: .messages(3), .garbage),
            ]))
        let start = NIODeadline.now()
        #expect(director.connectionRequested(at: start).refusal == nil)
        #expect(director.connectionRequested(at: start + .seconds(1)).refusal?.status == 401)
        var third = director.connectionRequested(at: start + .seconds(10))
        #expect(third.messagesUntilNext(sent: 1, next: 2) == 2)
        #expect(third.takeDue(sent: 3, next: 4) == [.garbage])
        #expect(third.takeDue(sent: 3, next: 4) == [], "once")
        let fourth = director.connectionRequested(at: start + .seconds(11))
        #expect(fourth.messagesUntilNext(sent: 0, next: 1) == .max)
    }

    @Test func numberedFaultsHappenOnceForAll() {
        let director = FaultDirector(FaultScript([Fault(when: .sequence(10), .drop(withReset: false))]))
        var first = director.connectionRequested(at: .now())
        #expect(first.messagesUntilNext(sent: 0, next: 4) == 6)
        #expect(first.takeDue(sent: 6, next: 10) == [.drop(withReset: false)])
        var second = director.connectionRequested(at: .now())
        #expect(second.messagesUntilNext(sent: 0, next: 10) == .max)
        #expect(second.takeDue(sent: 0, next: 10) == [])
    }

    @Test func damagedMessagesKeepTheirNumber() throws {
        for damage in MessageDamage.allCases where ![.truncated, .notAnObject, .nested].contains(damage) {
            let bytes = damage.message(41, at: .init(milliseconds: 1_790_000_000_000))
            #expect(String(decoding: bytes, as: UTF8.self).contains(#""seq":41,"#), "\(damage)")
        }
    }
}
