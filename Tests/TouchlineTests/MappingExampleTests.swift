import Foundation
import Testing

@testable import Touchline

/// The examples that operators begin from stay true.
@Suite struct MappingExampleTests {
    static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("examples/mapping").path

    static let names = ["sportsbook", "betfair", "polymarket", "kalshi"]

    @Test func `there is an example for each provider, and no other`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory)
        #expect(files.filter { $0.hasSuffix(".yaml") }.sorted() == Self.names.map { "\($0).yaml" }.sorted())
    }

    @Test(arguments: names) func `examples hold`(name: String) throws {
        let cases = try MappingFile.read("\(Self.directory)/\(name).yaml")
        #expect(cases.count >= 2)
        for mapping in cases {
            let report = try MappingRun(mapping: mapping).report()
            #expect(report.isMet, "\(report.lines.joined(separator: "\n"))")
        }
    }

    /// What `--print` prints is an expectation that holds, with every field there is.
    @Test(arguments: names) func `what is printed can be pasted`(name: String) throws {
        for mapping in try MappingFile.read("\(Self.directory)/\(name).yaml") {
            var decoding = try MappingDecoding(mapping)
            let printed = try MappingRun(mapping: mapping).print()
            var parts = printed.split { $0.hasPrefix("# ") }.map(Array.init)[...]
            for step in mapping.steps {
                let outcome = try decoding.take(step)
                guard !outcome.events.isEmpty || !outcome.letters.isEmpty else { continue }
                let next = parts.popFirst()
                let lines = try #require(next)
                let margin = String(repeating: " ", count: step.indentation)
                let head = ["- frame: x", "  exactly: true"].map { String(margin.dropLast(2)) + $0 }
                let text = (["provider: \(name)", "frames:"] + head + lines)
                    .joined(separator: "\n")
                let pasted = try #require(try MappingFile.read(text, path: "pasted.yaml").first?.steps.first)
                #expect(pasted.expectation.events.count == outcome.events.count)
                let failures = MappingCheck(outcome: outcome).failures(of: pasted)
                #expect(failures.isEmpty, "\(failures)")
            }
        }
    }

    @Test func `events have only fields that expectations can name`() throws {
        for name in Self.names {
            for mapping in try MappingFile.read("\(Self.directory)/\(name).yaml") {
                var decoding = try MappingDecoding(mapping)
                for event in try mapping.steps.flatMap({ try decoding.take($0).events }) {
                    let known = try #require(EventText.fields[event.plain("type")])
                    #expect(Set(event.fields.map(\.name)).isSubset(of: known), "\(event.json)")
                }
            }
        }
    }
}
