import Yams

/// A YAML document as a tree that remembers its lines, so that a problem can name the place.
struct ConfigurationNode: Sendable {
    indirect enum Content: Sendable {
        case scalar(String)
        case mapping([(key: String, value: ConfigurationNode)])
        case sequence([ConfigurationNode])
    }

    let content: Content
    let line: Int
    /// Where it begins in its line; 1 is the first.
    var column = 1

    static let empty = ConfigurationNode(content: .mapping([]), line: 1)

    init(content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// Parses a file's text. Throws one problem with its line.
    init(parsing text: String, file: String) throws {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                self = .empty
                return
            }
            self.init(node)
        } catch let error as YamlError {
            throw ConfigurationError(
                file: file,
                problems: [.init(line: Self.line(of: error), message: "not YAML: \(Self.reason(of: error))")])
        }
    }

    private init(_ node: Node) {
        line = node.mark?.line ?? 1
        column = node.mark?.column ?? 1
        switch node {
        case .scalar(let scalar): content = .scalar(scalar.string)
        case .mapping(let mapping):
            content = .mapping(mapping.map { (key: $0.key.string ?? "", value: ConfigurationNode($0.value)) })
        case .sequence(let sequence): content = .sequence(sequence.map { ConfigurationNode($0) })
        case .alias: content = .scalar("")
        }
    }

    /// Without the text around the place, which may hold secrets.
    private static func reason(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _),
            .reader(let problem, _, _, _):
            problem
        case .duplicatedKeysInMapping(let keys, _):
            "the same key twice: " + keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
        default: "it cannot be parsed"
        }
    }

    private static func line(of error: YamlError) -> Int? {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }
}
