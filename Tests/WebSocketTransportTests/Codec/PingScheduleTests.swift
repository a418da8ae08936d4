import NIOCore
import Testing

@testable import WebSocketTransport

@Suite struct PingScheduleTests {
    private static func seconds(_ count: UInt64) -> NIODeadline { .uptimeNanoseconds(count * 1_000_000_000) }
    private static func schedule() -> PingSchedule {
        PingSchedule(interval: .seconds(20), timeout: .seconds(10), from: seconds(0))
    }

    @Test func pingsAtTheIntervalAndGivesUpAfterTheTimeout() {
        var pings = Self.schedule()
        #expect(pings.tick(Self.seconds(19)) == .nothing)
        #expect(pings.tick(Self.seconds(20)) == .sendPing)
        #expect(pings.tick(Self.seconds(29)) == .nothing)
        #expect(pings.tick(Self.seconds(30)) == .giveUp)
    }

    @Test func aPongStartsTheIntervalAgain() {
        var pings = Self.schedule()
        pings.pongReceived(Self.seconds(5))
        #expect(pings.deadline == Self.seconds(20))
        _ = pings.tick(Self.seconds(20))
        pings.pongReceived(Self.seconds(21))
        #expect(pings.deadline == Self.seconds(41))
        #expect(pings.tick(Self.seconds(30)) == .nothing)
        #expect(pings.tick(Self.seconds(41)) == .sendPing)
    }

    @Test func aDeafEndWaitsOnceMore() {
        var pings = Self.schedule()
        _ = pings.tick(Self.seconds(20))
        #expect(pings.tick(Self.seconds(30), isDeaf: true) == .nothing)
        #expect(pings.tick(Self.seconds(39)) == .nothing)
        #expect(pings.tick(Self.seconds(40)) == .giveUp)
    }
}
