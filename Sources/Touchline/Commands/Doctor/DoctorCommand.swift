import ArgumentParser
import FeedClient
import Foundation

/// Connects to everything that the configuration names, and says what is wrong and how to mend it.
struct DoctorCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Connect to Redis, Postgres and every feed, and say what is wrong.",
        discussion: "Example: touchline doctor --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print the findings as JSON.") var json = false

    func execute() async throws {
        let findings = await Self.findings(try options.load())
        if json {
            StandardOutput.line(try Self.document(findings))
        } else {
            for finding in findings { StandardOutput.line(finding.text) }
        }
        if findings.contains(where: { $0.isFatal }) { throw ExitCode.failure }
    }

    private static func findings(_ configuration: TouchlineConfiguration) async -> [Finding] {
        var findings = await Diagnosis.redis(configuration)
        findings += await Diagnosis.postgres(configuration)
        findings.append(Diagnosis.spool(configuration))
        findings += Diagnosis.machine(configuration)
        if let archive = await Diagnosis.archive(configuration) { findings.append(archive) }
        findings += await Diagnosis.listeners(configuration)
        if let keys = await Diagnosis.subscriberKeys(configuration) { findings.append(keys) }
        if let webhook = configuration.webhook { findings.append(await Diagnosis.webhook(webhook)) }
        if let traces = configuration.traces { findings.append(await Diagnosis.traces(traces)) }
        findings += configuration.warnings.map {
            Finding($0.subject, problem: $0.problem, remedy: $0.remedy, isWarning: true)
        }
        await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, feed) in configuration.feeds.enumerated() {
                group.addTask { (index, await Diagnosis.feed(feed)) }
            }
            var feeds: [(Int, Finding)] = []
            for await finding in group { feeds.append(finding) }
            findings += feeds.sorted { $0.0 < $1.0 }.map(\.1)
        }
        if configuration.feeds.isEmpty {
            findings.append(Finding("feeds", problem: "none are configured", remedy: "add one under 'feeds:'"))
        }
        return findings
    }

    static func document(_ findings: [Finding]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(findings), as: UTF8.self)
    }
}
