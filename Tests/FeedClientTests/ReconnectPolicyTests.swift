import RedisStreams
import Testing
import WebSocketTransport

@testable import FeedClient

/// When a feed connects again.
struct ReconnectPolicyTests {
    private struct Steps {
        var policy = ReconnectPolicy(backoff: ReconnectBackoff())
        var random = SystemRandomNumberGenerator()

        mutating func delay(_ end: SessionEnd, lived: Duration = .seconds(10)) -> Duration {
            policy.delay(after: end, lived: lived, using: &random)
        }
    }

    private let lost = SessionEnd(.lost, why: "reset")

    @Test func waitsGrowToHalfAMinuteAndNeverEnd() {
        for _ in 0..<200 {
            var steps = Steps()
            for attempt in 0..<50 {
                let ceiling = min(Duration.seconds(30), .milliseconds(500) * (1 << min(attempt, 10)))
                #expect(steps.delay(lost) <= ceiling)
            }
        }
    }

    @Test func onlyAMinuteOfLifeResetsThem() {
        var longest = Duration.zero
        for _ in 0..<200 {
            var steps = Steps()
            for _ in 0..<20 { _ = steps.delay(lost, lived: .seconds(59)) }
            longest = max(longest, steps.delay(lost, lived: .seconds(59)))
            #expect(steps.delay(lost, lived: .seconds(60)) <= .milliseconds(500))
        }
        #expect(longest > .seconds(5))
    }

    @Test(arguments: [CloseCode.goingAway, .serviceRestart])
    func aProviderThatRestartsIsCalledAgainAtOnce(code: CloseCode) {
        let restart = SessionEnd(.closed, why: "restart", closeCode: code)
        var longest = Duration.zero
        for _ in 0..<200 {
            var steps = Steps()
            for _ in 0..<20 { _ = steps.delay(lost) }
            #expect(steps.delay(restart) <= .seconds(1))
            longest = max(longest, steps.delay(restart, lived: .milliseconds(100)))
        }
        #expect(longest > .seconds(5), "who hangs up right after connecting gets the back-off")
    }

    @Test func retryAfterIsALowerBound() {
        for status in [429, 503] {
            var steps = Steps()
            let refused = SessionEnd(.refused, why: "later", status: status, retryAfter: .seconds(45))
            let delay = steps.delay(refused, lived: .zero)
            #expect(delay >= .seconds(45) && delay <= .seconds(50))
            let absurd = SessionEnd(.refused, why: "later", status: status, retryAfter: .seconds(1 << 40))
            #expect(steps.delay(absurd, lived: .zero) <= .seconds(660))
        }
    }

    @Test func refusedCredentialsAreTriedOnceMoreAndThenOnceAMinute() {
        for end in [
            SessionEnd(.refused, why: "401", status: 401), SessionEnd(.refused, why: "403", status: 403),
            SessionEnd(.refused, why: "no such session"),
            SessionEnd(.closed, why: "4401", closeCode: 4401),
        ] {
            var steps = Steps()
            #expect(steps.delay(end) <= .seconds(1))
            #expect(!steps.policy.isInSlowLane)
            for _ in 0..<5 {
                let delay = steps.delay(end)
                #expect(delay >= .seconds(54) && delay <= .seconds(66))
                #expect(steps.policy.isInSlowLane)
            }
            // The provider being away says nothing about the credentials, a session does.
            _ = steps.delay(SessionEnd(.connectFailed, why: "refused"))
            #expect(steps.policy.isInSlowLane)
            _ = steps.delay(lost)
            #expect(!steps.policy.isInSlowLane)
        }
    }

    @Test func whatWeAskedForOurselvesIsNotWaitedFor() {
        var steps = Steps()
        #expect(steps.delay(SessionEnd(.requested, why: "fresh image"), lived: .zero) == .zero)
    }
}

/// Streams that fall silent while the session lives.
struct StreamWatchTests {
    private let start = ContinuousClock.now

    @Test func silenceOfOneStreamIsNoticedWhileOthersGoOn() {
        var watch = StreamWatch([.odds, .bets, .fixtures], quiet: [.fixtures], limit: .seconds(120))
        watch.restart(at: start)
        for second in 1...120 {
            watch.saw(.bets, at: start + .seconds(second))
            #expect(watch.complaint(at: start + .seconds(second)) == nil)
        }
        watch.saw([.bets, .fixtures], at: start + .seconds(121))
        #expect(watch.complaint(at: start + .seconds(121)) == "no odds for 121 s")
        watch.saw(.odds, at: start + .seconds(122))
        #expect(watch.complaint(at: start + .seconds(123)) == nil)
    }

    @Test func whatMayBeQuietOrIsNotSubscribedToIsNotMissed() {
        var watch = StreamWatch([.odds, .fixtures], quiet: [.odds, .fixtures], limit: .seconds(1))
        watch.restart(at: start)
        #expect(watch.complaint(at: start + .seconds(1_000)) == nil)
        var bets = StreamWatch([.bets], quiet: [], limit: .seconds(1))
        bets.restart(at: start)
        #expect(bets.complaint(at: start + .seconds(2)) == "no bets for 2 s")
    }
}
