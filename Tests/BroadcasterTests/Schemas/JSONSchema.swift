import Foundation

/// Checks values against the part of JSON Schema 2020-12 that docs/schemas uses; a keyword beyond that is an error, so that
/// nothing is left unchecked.
///
/// Stricter than the standard in one point: members that a schema with `properties` does not name are errors, because the
/// schemas are to say everything that is sent, and clients are to allow for more.
final class JSONSchema {
    private let documents: [String: JSONText]
    private var nodes: [String: Node] = [:]
    /// Texts that a pattern has been found to fit: keys and names come again and again.
    private var fitting: [String: Set<String>] = [:]
    /// Hashes of the texts that have been checked as a whole.
    private var seen: Set<Int> = []

    /// - Parameter folder: whose files refer to each other by name.
    init(folder: URL) throws {
        var documents: [String: JSONText] = [:]
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "json" {
            documents[file.lastPathComponent] = try JSONText(parsing: String(contentsOf: file, encoding: .utf8))
        }
        self.documents = documents
    }

    /// What is wrong with a value, with the place of each; empty if it is valid.
    func problems(of value: JSONText, with reference: String) throws -> [String] {
        var problems: [String] = []
        try check(value, node(reference), "", &problems)
        return problems
    }

    /// Whether a text comes for the first time: what many subscribers are sent is checked once.
    func isNew(_ text: String) -> Bool { seen.insert(text.hashValue).inserted }

    // MARK: Schemas

    private struct Node {
        let file: String
        var reference: String?
        var types: [String] = []
        var allowed: [JSONText]?
        var properties: [String: Node] = [:]
        var required: [String] = []
        var isClosed = false
        var additional: [Node] = []
        var prefix: [Node] = []
        var items: [Node] = []
        var alternatives: [Node] = []
        var pattern: String?
        var range: (Double, Double) = (-.infinity, .infinity)
        var count: (Int, Int) = (0, .max)
    }

    struct Unsupported: Error, CustomStringConvertible {
        let description: String
    }

    private func node(_ reference: String) throws -> Node {
        if let known = nodes[reference] { return known }
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard var place = documents[String(parts[0])] else { throw Unsupported(description: "no file \(parts[0])") }
        for step in (parts.count > 1 ? parts[1] : "").split(separator: "/") {
            guard let next = place[String(step)] else { throw Unsupported(description: "nothing at \(reference)") }
            place = next
        }
        let node = try Self.compile(place, file: String(parts[0]))
        nodes[reference] = node
        return node
    }

    private static func compile(_ schema: JSONText, file: String) throws -> Node {
        var node = Node(file: file)
        func compiled(_ text: JSONText) throws -> Node { try compile(text, file: file) }
        for (keyword, value) in schema.object ?? [:] {
            switch keyword {
            case "$schema", "$id", "$defs", "title", "description": break
            case "$ref":
                let text = value.string ?? ""
                node.reference = text.hasPrefix("#") ? file + text : text
            case "type": node.types = value.array?.compactMap(\.string) ?? [value.string ?? ""]
            case "const": node.allowed = [value]
            case "enum": node.allowed = value.array
            case "properties":
                node.properties = try (value.object ?? [:]).mapValues(compiled)
                node.isClosed = true
            case "required": node.required = value.array?.compactMap(\.string) ?? []
            case "additionalProperties": node.additional = [try compiled(value)]
            case "prefixItems": node.prefix = try (value.array ?? []).map(compiled)
            case "items": node.items = [try compiled(value)]
            case "oneOf": node.alternatives = try (value.array ?? []).map(compiled)
            case "pattern": node.pattern = value.string
            case "minimum": node.range.0 = value.number ?? 0
            case "maximum": node.range.1 = value.number ?? 0
            case "minItems": node.count.0 = Int(value.number ?? 0)
            case "maxItems": node.count.1 = Int(value.number ?? 0)
            default: throw Unsupported(description: "the keyword \(keyword)")
            }
        }
        return node
    }

    // MARK: Values

    private func check(_ value: JSONText, _ node: Node, _ place: String, _ problems: inout [String]) throws {
        if let reference = node.reference { try check(value, self.node(reference), place, &problems) }
        if !node.types.isEmpty, !node.types.contains(where: { Self.isType($0, value) }) {
            return problems.append("\(place) is no \(node.types.joined(separator: " or "))")
        }
        if let allowed = node.allowed, !allowed.contains(value) { problems.append("\(place) is \(value)") }
        switch value {
        case .object(let members): try check(members, node, place, &problems)
        case .array(let elements): try check(elements, node, place, &problems)
        case .number(let number) where !(node.range.0...node.range.1).contains(number):
            problems.append("\(place) is \(number)")
        case .string(let text):
            if let pattern = node.pattern, !matches(text, pattern) { problems.append("\(place) is '\(text)'") }
        default: break
        }
        if !node.alternatives.isEmpty { try checkAlternatives(value, node, place, &problems) }
    }

    private func check(
        _ members: [String: JSONText], _ node: Node, _ place: String, _ problems: inout [String]
    ) throws {
        for name in node.required where members[name] == nil { problems.append("\(place)/\(name) is missing") }
        for (name, member) in members {
            if let property = node.properties[name] ?? node.additional.first {
                try check(member, property, "\(place)/\(name)", &problems)
            } else if node.isClosed {
                problems.append("\(place)/\(name) is not described")
            }
        }
    }

    private func check(_ elements: [JSONText], _ node: Node, _ place: String, _ problems: inout [String]) throws {
        if elements.count < node.count.0 || elements.count > node.count.1 {
            problems.append("\(place) has \(elements.count) elements")
        }
        for (index, element) in elements.enumerated() {
            guard let item = index < node.prefix.count ? node.prefix[index] : node.items.first else { continue }
            try check(element, item, "\(place)/\(index)", &problems)
        }
    }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        if fitting[pattern]?.contains(text) == true { return true }
        guard text.range(of: pattern, options: .regularExpression) != nil else { return false }
        fitting[pattern, default: []].insert(text)
        return true
    }

    private func checkAlternatives(
        _ value: JSONText, _ node: Node, _ place: String, _ problems: inout [String]
    ) throws {
        var valid = 0
        for alternative in node.alternatives {
            var found: [String] = []
            try check(value, alternative, place, &found)
            if found.isEmpty { valid += 1 }
        }
        if valid != 1 { problems.append("\(place) fits \(valid) of \(node.alternatives.count) alternatives") }
    }

    private static func isType(_ type: String, _ value: JSONText) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let number)): number.rounded() == number
        default: false
        }
    }
}
