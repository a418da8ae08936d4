import Telemetry
import Testing

struct SystemTimeTests {
    @Test func textIsInMilliseconds() {
        #expect(SystemTime.text(0) == "1970-01-01T00:00:00.000Z")
        #expect(SystemTime.text(1_777_660_200_999_999) == "2026-05-01T18:30:00.999Z")
        #expect(SystemTime.text(-1) == "1969-12-31T23:59:59.999Z")
    }

    @Test func nowIsAfterThisWasWritten() {
        #expect(SystemTime.now > 1_760_000_000_000_000)
    }

    @Test func theVersionDocumentIsJSON() {
        #expect(BuildInfo.document.hasPrefix(#"{"name":"touchline","version":"0."#))
        #expect(!BuildInfo.commit.isEmpty)
    }
}
