import Testing

@testable import Touchline

/// What is wrong is said once, in the words of the file.
@Suite struct ConfigurationProblemTests {
    private static func problems(_ yaml: String) throws -> [String] {
        do {
            _ = try TouchlineConfiguration.read(
                ConfigurationNode(parsing: yaml, file: "test"), file: "test", environment: [:])
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.message)
        }
    }

    @Test func `a missing variable is named once, however often it is looked at`() throws {
        let told = try Self.problems("writer: { partitions: { keep: \"${KEEP}\" } }")
        #expect(told.count { $0 == "environment variable KEEP is not set" } == 1, "\(told)")
    }

    @Test func `a feed's name that cannot be is one problem`() throws {
        let told = try Self.problems("feeds: { Book_A: { provider: sportsbook, url: ws://h } }")
        #expect(told == ["feed name 'Book_A' must match [a-z0-9-]{1,40}"])
    }

    @Test func `bounds of a duration are said as a file says them`() throws {
        let told = try Self.problems("writer: { partitions: { keep: 1d } }")
        #expect(
            told == ["'writer.partitions.keep' is '1d' but must be a duration such as 50ms or 5s, from 8d to 36500d"])
    }
}
