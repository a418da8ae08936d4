import Testing

@testable import Writer

@Suite("Search for bad rows")
struct BadRowSearchTests {
    @Test(
        "finds every culprit, wherever it stands",
        arguments: [[0], [999], [500], [0, 999], [1, 2, 3], [10, 400, 401, 800]])
    func findsAll(bad: [Int]) async throws {
        var trials = 0
        let found = try await BadRowSearch.culprits(among: Array(0..<1_000)) { candidates in
            trials += 1
            return !candidates.contains { bad.contains($0) }
        }
        #expect(found == bad)
        #expect(trials <= bad.count * 23)
    }

    @Test("a message is blamed only when it was refused alone")
    func innocent() async throws {
        var trials: [[String]] = []
        let found = try await BadRowSearch.culprits(among: ["x"]) { candidates in
            trials.append(candidates)
            return true
        }
        #expect(found.isEmpty)
        #expect(trials == [["x"]])
        // A refusal that passes: everything is refused once, nothing the second time.
        var refusals = 3
        let passing = try await BadRowSearch.culprits(among: Array(0..<8)) { _ in
            refusals -= 1
            return refusals < 0
        }
        #expect(passing.isEmpty)
    }

    @Test("an error of a trial ends the search")
    func passesErrorsOn() async {
        struct Lost: Error {}
        await #expect(throws: Lost.self) {
            _ = try await BadRowSearch.culprits(among: [1, 2, 3]) { _ in throw Lost() }
        }
    }
}
