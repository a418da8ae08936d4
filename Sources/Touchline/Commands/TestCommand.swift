import ArgumentParser

/// Checks what frames of a provider become, without Redis or Postgres.
struct TestCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check what a provider's frames become: frames and expected events in YAML. Exit 1 if any differ.",
        discussion: """
            Example: touchline test examples/mapping/sportsbook.yaml
            Example: touchline test --print new.yaml
            """)

    @Argument(help: "Files with mapping tests; docs/providers.md says what they look like.") var files: [String]
    @Flag(help: "Check nothing, but print what each frame becomes, to be pasted as its expectation.") var print = false

    func execute() async throws {
        // A file that cannot be used ends everything before the first case runs.
        let cases = try files.flatMap { try MappingFile.read($0) }
        guard !print else {
            for mapping in cases { try MappingRun(mapping: mapping).print().forEach(StandardOutput.line) }
            return
        }
        var failed = 0
        for mapping in cases {
            let report = try MappingRun(mapping: mapping).report()
            if !report.isMet { failed += 1 }
            report.lines.forEach(StandardOutput.line)
        }
        StandardOutput.line("\(cases.count) cases: \(cases.count - failed) ok, \(failed) failed")
        if failed > 0 { throw ExitCode.failure }
    }
}
