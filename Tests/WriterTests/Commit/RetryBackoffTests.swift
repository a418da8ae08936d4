import Testing
import Writer

@Suite("Retry back-off")
struct RetryBackoffTests {
    @Test("doubles from 250 ms to 15 s, each wait between half and all of it")
    func doubles() {
        var backoff = RetryBackoff()
        var random = SplitMix(state: 3)
        var ceiling = 0.25
        for _ in 0..<40 {
            let wait = backoff.next(using: &random)
            #expect(wait >= .seconds(ceiling / 2) && wait <= .seconds(ceiling))
            ceiling = min(15, ceiling * 2)
        }
        #expect(backoff.attempts == 40)
        backoff.reset()
        #expect(backoff.next(using: &random) <= .milliseconds(250))
    }
}
