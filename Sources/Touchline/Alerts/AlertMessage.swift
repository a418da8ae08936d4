import Foundation
import Telemetry

/// What one post tells.
struct AlertMessage: Sendable, Equatable {
    struct Problem: Sendable, Equatable {
        let trouble: Trouble
        /// Microseconds since 1970.
        let since: Int64
    }

    struct Mended: Sendable, Equatable {
        let name: String
        /// How long it lasted.
        let seconds: Int64
    }

    var problems: [Problem] = []
    var mended: [Mended] = []
    /// With how many are new.
    var mishaps: [Mishap] = []

    var isEmpty: Bool { problems.isEmpty && mended.isEmpty && mishaps.isEmpty }

    /// The body of the post: `text`, which Slack, Mattermost and the like show, and the same in fields for programs.
    ///
    /// - Parameter sender: which process speaks, such as `host-1 (feed)`.
    func body(sender: String) -> [UInt8] {
        let document = Document(
            text: text(sender: sender), source: "touchline", sender: sender, version: BuildInfo.version,
            status: problems.isEmpty && mishaps.isEmpty ? "mended" : "problem",
            problems: problems.map {
                .init(
                    component: $0.trouble.name, state: $0.trouble.severity.rawValue, since: SystemTime.text($0.since),
                    error: $0.trouble.why)
            },
            mended: mended.map { .init(component: $0.name, seconds: $0.seconds) },
            events: mishaps.map { .init(what: $0.name, count: $0.count) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and integers only, which JSON can always express.
        return (try? encoder.encode(document)).map { Array($0) } ?? []
    }

    private func text(sender: String) -> String {
        var lines = ["touchline on \(sender):"]
        lines += problems.map { problem in
            let (trouble, since) = (problem.trouble, SystemTime.text(problem.since))
            return "• \(Self.escaped(trouble.name)) is \(trouble.severity.rawValue) since \(since): "
                + Self.escaped(trouble.why)
        }
        lines += mishaps.map { "• \(Self.escaped($0.name)): \($0.count) new" }
        lines += mended.map { "• \(Self.escaped($0.name)) is mended after \($0.seconds) s" }
        return lines.joined(separator: "\n")
    }

    /// Slack reads three characters as markup: an error's text must not become a link or a call for everybody.
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private struct Document: Encodable {
        let text: String
        let source: String
        let sender: String
        let version: String
        let status: String
        let problems: [Problem]
        let mended: [Mended]
        let events: [Event]

        struct Problem: Encodable {
            let component: String
            let state: String
            let since: String
            let error: String
        }

        struct Mended: Encodable {
            let component: String
            let seconds: Int64
        }

        struct Event: Encodable {
            let what: String
            let count: Int
        }
    }
}
