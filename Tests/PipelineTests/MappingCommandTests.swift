import TestSupport
import Testing

/// `touchline test`: what it says, and how it ends.
@Suite struct MappingCommandTests {
    private static func price(_ odd: String) -> String {
        """
        provider: sportsbook
        received_at: 2026-03-07T14:30:00Z
        name: a price
        frames:
          - frame: |
              {"type":"odds_change","seq":1,"timestamp":"2026-03-07T14:29:59Z","fixture_id":"fx","market_type":"1X2",
               "option_id":"home","odd_value":2.5}
            exactly: true
            events:
              - { type: odds_change, odd: \(odd) }
        """
    }

    @Test func `files are checked together, and one difference fails`() async throws {
        let program = try StageProcesses(configuration: "")
        let good = try await program.write(Self.price("2.50"), to: "good.yaml")
        let bad = try await program.write(Self.price("2.6"), to: "bad.yaml")
        let held = try await program.runWithoutConfiguration(["test", good])
        #expect(held.code == 0 && held.output == "ok    \(good):1: a price\n1 cases: 1 ok, 0 failed\n", "\(held)")
        let failed = try await program.runWithoutConfiguration(["test", good, bad])
        #expect(failed.code == 1)
        for line in [
            "ok    \(good):1: a price", "FAIL  \(bad):1: a price",
            "  \(bad):10: no event is like this; the closest is different in", "odd  expected 2.6  got 2.5",
            "2 cases: 1 ok, 1 failed",
        ] { #expect(failed.output.contains(line), "\(failed.output)") }
        await program.removeFiles()
    }

    @Test func `a file that cannot be used ends with 2, before anything is checked`() async throws {
        let program = try StageProcesses(configuration: "")
        let good = try await program.write(Self.price("2.5"), to: "good.yaml")
        let wrong = try await program.write("provider: sportsbook\nframes:\n  - fram: x", to: "wrong.yaml")
        let (code, output) = try await program.runWithoutConfiguration(["test", good, wrong, "/absent.yaml"])
        #expect(code == 2 && output.contains("\(wrong): line 3: unknown key 'fram'"), "\(output)")
        #expect(!output.contains("ok"), "\(output)")
        #expect(try await program.runWithoutConfiguration(["test", "/absent.yaml"]).code == 2)
        #expect(try await program.runWithoutConfiguration(["test"]).code == 2)
        await program.removeFiles()
    }

    @Test func `print shows what a frame becomes, and checks nothing`() async throws {
        let program = try StageProcesses(configuration: "")
        let bad = try await program.write(Self.price("2.6"), to: "bad.yaml")
        let (code, output) = try await program.runWithoutConfiguration(["test", "--print", bad])
        #expect(
            code == 0 && output.contains("# frame 1, line 5: 1 event\n    events:\n      - {\"type\":\"odds_change\",")
        )
        #expect(output.contains("\"odd\":2.5"), "\(output)")
        await program.removeFiles()
    }
}
