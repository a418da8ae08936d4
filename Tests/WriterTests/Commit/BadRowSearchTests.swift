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
        #expect(trials <= bad.count * 22)
    }

    @Test("a single message needs no trial")
    func single() async throws {
        let found = try await BadRowSearch.culprits(among: ["x"]) { _ in
            Issue.record("tried")
            return false
        }
        #expect(found == ["x"])
    }

    @Test("an error of a trial ends the search")
    func passesErrorsOn() async {
        struct Lost: Error {}
        await #expect(throws: Lost.self) {
            _ = try await BadRowSearch.culprits(among: [1, 2, 3]) { _ in throw Lost() }
        }
    }
}
