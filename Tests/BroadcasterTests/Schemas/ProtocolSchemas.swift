import Foundation
import Testing

/// The published schemas, for holding what tests see against them.
enum ProtocolSchemas {
    /// The checkout.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    /// Where the documents are written.
    static let docs = root.appendingPathComponent("Sources/Broadcaster/Documents")

    /// Not Sendable, and so one for each thread that asks.
    private static var current: JSONSchema {
        get throws {
            let key = "touchline.schemas"
            if let known = Thread.current.threadDictionary[key] as? JSONSchema { return known }
            let made = try JSONSchema(folder: docs.appendingPathComponent("schemas"))
            Thread.current.threadDictionary[key] = made
            return made
        }
    }

    /// Records an issue for whatever is wrong with a frame that a Broadcaster sent.
    static func check(frame text: String) throws {
        guard try current.isNew(text) else { return }
        let frame = try JSONText(parsing: text)
        let type = frame["t"]?.string ?? "?"
        try check(frame, "frames.json#/$defs/\(type)", text)
    }

    /// The same for the answer of a REST resource.
    static func check(document text: String, _ name: String) throws {
        try check(JSONText(parsing: text), "rest.json#/$defs/\(name)", text)
    }

    private static func check(_ value: JSONText, _ reference: String, _ text: String) throws {
        let problems = try current.problems(of: value, with: reference)
        if !problems.isEmpty { Issue.record("\(problems.joined(separator: "; ")) in \(text.prefix(500))") }
    }

    static func problems(_ text: String, _ reference: String) throws -> [String] {
        try current.problems(of: JSONText(parsing: text), with: reference)
    }
}
