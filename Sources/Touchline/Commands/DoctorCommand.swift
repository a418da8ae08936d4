import ArgumentParser
import FeedClient
import FeedModel
import Foundation
import Logging
import RedisStreams

/// Connects to everything that the configuration names, and says what is wrong and how to mend it.
struct DoctorCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Connect to Redis, Postgres and every feed, and say what is wrong.",
        discussion: "Example: touchline doctor --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print the findings as JSON.") var json = false

    func execute() async throws {
        let configuration = try options.load()
        var findings = await Diagnosis.redis(configuration)
        findings.append(await Diagnosis.postgres(configuration))
        findings.append(Diagnosis.spool(configuration))
        await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, feed) in configuration.feeds.enumerated() {
                group.addTask { (index, await Diagnosis.feed(feed)) }
            }
            var feeds: [(Int, Finding)] = []
            for await finding in group { feeds.append(finding) }
            findings += feeds.sorted { $0.0 < $1.0 }.map(\.1)
        }
        if configuration.feeds.isEmpty { findings.append(Finding("feeds", problem: "none are configured")) }
        if json {
            StandardOutput.line(try Self.document(findings))
        } else {
            for finding in findings { StandardOutput.line(finding.text) }
        }
        if findings.contains(where: { $0.isFatal }) { throw ExitCode.failure }
    }

    static func document(_ findings: [Finding]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(findings), as: UTF8.self)
    }
}

/// One thing that was looked at.
struct Finding: Sendable {
    let subject: String
    /// Nil: all is well.
    let problem: String?
    /// It works, but not as it should.
    var isWarning = false

    init(_ subject: String, problem: String? = nil, isWarning: Bool = false) {
        self.subject = subject
        self.problem = problem
        self.isWarning = isWarning
    }

    /// As scripts read it.
    private var state: String { isFatal ? "problem" : problem == nil ? "ok" : "warning" }

    var isFatal: Bool { problem != nil && !isWarning }

    var text: String {
        guard let problem else { return "ok       \(subject)" }
        return "\(isWarning ? "warning " : "PROBLEM ") \(subject): \(problem.printable)"
    }
}

extension Finding: Encodable {
    private enum Key: String, CodingKey {
        case subject, state, problem
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(subject, forKey: .subject)
        try container.encode(state, forKey: .state)
        try container.encodeIfPresent(problem, forKey: .problem)
    }
}

/// What `doctor` looks at.
enum Diagnosis {
    static func redis(_ configuration: TouchlineConfiguration) async -> [Finding] {
        do {
            let redis = RedisConnection(endpoint: try configuration.redis, name: "doctor")
            try await redis.connect()
            let facts = try await redis.serverFacts()
            await redis.close()
            var findings = [Finding("redis answers")]
            if let problem = facts.evictionProblem { findings.append(Finding("redis", problem: problem)) }
            if let warning = facts.durabilityWarning {
                findings.append(Finding("redis", problem: warning, isWarning: true))
            }
            if facts.memoryShare > 0.85 {
                let share = Int(facts.memoryShare * 100)
                findings.append(
                    Finding("redis", problem: "\(share) % of maxmemory is in use: raise it", isWarning: true))
            }
            return findings
        } catch {
            return [Finding("redis", problem: "\(error)")]
        }
    }

    static func postgres(_ configuration: TouchlineConfiguration) async -> Finding {
        do {
            try await MigratedDatabase.with(configuration.postgresURL, name: "doctor") { _ in }
            return Finding("postgres answers, its schema is current")
        } catch {
            return Finding("postgres", problem: "\(error)")
        }
    }

    static func spool(_ configuration: TouchlineConfiguration) -> Finding {
        guard let spool = configuration.spool else {
            return Finding(
                "spool", problem: "off: while Redis is away the sockets wait, and providers may hang up",
                isWarning: true)
        }
        if let problem = FolderProbe.problem(with: spool.directory) {
            return Finding("spool", problem: "\(problem): set feed_client.spool.directory")
        }
        return Finding("spool \(spool.directory) can be written")
    }

    static func feed(_ feed: FeedConfiguration) async -> Finding {
        if let recording = feed.recording, let problem = FolderProbe.problem(with: recording.directory) {
            return Finding("feed \(feed.name)", problem: "\(problem): set its record")
        }
        let problem = await FeedProbe.problem(with: feed, logger: Logger(label: "touchline.doctor"))
        return Finding(problem == nil ? "feed \(feed.name) accepts us" : "feed \(feed.name)", problem: problem)
    }
}
