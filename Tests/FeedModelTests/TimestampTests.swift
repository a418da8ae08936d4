import FeedModel
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-21T09:30:00.125Z", 1_795_253_400_125_000),
        ("2000-02-29T23:59:59.999999Z", 951_868_799_999_999), ("2026-11-21T10:30:00+01:00", 1_795_253_400_000_000),
        ("2026-11-21T04:00:00-05:30", 1_795_253_400_000_000), ("2026-11-21t09:30:00.1234567z", 1_795_253_400_123_456),
    ])
    func readsRFC3339(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T09:30:00",
        "2026-11-21T09:30:00.Z", "2026-11-21 09:30:00Z", "2026-11-21T09:30:00+0100", "2026-11-21T09:30:00Zx",
    ])
    func refusesWhatIsNotATime(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    /// Times come from others: the largest of them must not end the process.
    @Test func stopsAtItsEnds() {
        let (latest, earliest) = (Timestamp(microseconds: .max), Timestamp(microseconds: .min))
        #expect(latest + .seconds(1) == latest)
        #expect(earliest - .seconds(1) == earliest)
        #expect(latest.since(earliest) > .seconds(1_000_000_000_000))
        #expect(earliest.since(latest) < .seconds(-1_000_000_000_000))
        #expect(Timestamp(milliseconds: .max).microseconds == .max)
    }

    @Test func agreesWithFoundationForManyTimes() {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let time = Timestamp(
                milliseconds: Int64.random(in: -2_000_000_000_000...4_000_000_000_000, using: &generator))
            #expect(Timestamp(rfc3339: time.description) == time)
            let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1_000)
            #expect(date.formatted(format).prefix(19) == time.description.prefix(19) || time.microseconds < 0)
        }
    }
}
