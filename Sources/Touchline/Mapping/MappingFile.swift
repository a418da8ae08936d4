import FeedModel
import Foundation
import Processor

/// A file of mapping tests, as `docs/providers.md` describes it. Everything that is wrong with it is reported at once.
struct MappingFile {
    private let path: String
    private let problems = ConfigurationReader.Problems()

    /// The cases of a file. Throws `ConfigurationError` with every problem and its line.
    static func read(_ path: String) throws -> [MappingCase] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            let isThere = FileManager.default.fileExists(atPath: path)
            let message = isThere ? "cannot be read as UTF-8 text" : "there is no such file"
            throw ConfigurationError(file: path, problems: [.init(line: nil, message: message)])
        }
        return try read(text, path: path)
    }

    /// - Parameters:
    ///   - path: names the file in messages, and says where the files it names are looked for.
    ///   - now: when frames arrive if the file does not say.
    static func read(_ text: String, path: String, now: Timestamp = WallClock.now) throws -> [MappingCase] {
        let file = MappingFile(path: path)
        let cases = file.cases(of: try ConfigurationNode(parsing: text, file: path), now)
        let problems = file.problems.all.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        guard problems.isEmpty else { throw ConfigurationError(file: path, problems: problems) }
        return cases
    }

    private init(path: String) { self.path = path }

    // MARK: File and cases

    private func cases(of root: ConfigurationNode, _ now: Timestamp) -> [MappingCase] {
        let top = StrictMapping(root, "the file", problems: problems)
        let provider = provider(top)
        let feed = feed(top)
        let start = time(top) ?? now
        var cases: [MappingCase] = []
        func read(_ mapping: StrictMapping, unnamed: String) {
            let name = mapping.string("name") ?? unnamed
            let steps = steps(mapping, start)
            mapping.rejectUnknownKeys()
            guard let feed else { return }
            cases.append(
                MappingCase(
                    name: name, file: path, line: mapping.line, provider: provider, feed: feed, steps: steps))
        }
        let hasCases = top.node("cases") != nil
        if hasCases {
            for (index, node) in (top.list("cases") ?? []).enumerated() {
                read(StrictMapping(node, "a case", problems: problems), unnamed: "case \(index + 1)")
            }
            if top.list("cases")?.isEmpty == true { top.reject("cases", "there is none") }
            top.rejectUnknownKeys()
        } else {
            read(top, unnamed: "the whole file")
        }
        return cases
    }

    private func provider(_ top: StrictMapping) -> String {
        let known = DecoderRegistry.providers.joined(separator: ", ")
        guard let name = top.string("provider") else {
            top.problem("'provider' is missing: one of \(known)")
            return ""
        }
        if !DecoderRegistry.providers.contains(name) { top.reject("provider", "'\(name)' must be one of \(known)") }
        return name
    }

    private func feed(_ top: StrictMapping) -> FeedName? {
        let name = top.string("feed") ?? "test"
        if FeedName(name) == nil { top.reject("feed", "'\(name)' must match [a-z0-9-]{1,40}") }
        return FeedName(name)
    }

    private func time(_ mapping: StrictMapping) -> Timestamp? {
        guard let text = mapping.string("received_at") else { return nil }
        if let time = Timestamp(rfc3339: text) { return time }
        mapping.reject("received_at", "'\(text)' must be a time such as 2026-01-31T15:00:00Z")
        return nil
    }

    // MARK: Steps

    /// A step without a time arrives with the one before it.
    private func steps(_ mapping: StrictMapping, _ start: Timestamp) -> [MappingStep] {
        var time = start
        let nodes = mapping.list("frames") ?? []
        if nodes.isEmpty { mapping.problem("'frames' is missing: a list of what comes in") }
        return nodes.compactMap { node in
            let step = StrictMapping(node, "a frame", problems: problems)
            time = self.time(step) ?? time
            let input = input(step)
            let expectation = expectation(step)
            step.rejectUnknownKeys()
            guard let input else { return nil }
            return MappingStep(
                line: step.line, input: input, receivedAt: time, expectation: expectation,
                indentation: step.indentation)
        }
    }

    private static let controls: [String: ControlEvent] = [
        "snapshot_began": .snapshotBegan, "snapshot_ended": .snapshotEnded,
    ]

    private func input(_ step: StrictMapping) -> MappingStep.Input? {
        guard step.present(["frame", "file", "control"]).count == 1 else {
            step.problem("needs one of 'frame', 'file' and 'control'")
            return nil
        }
        if let text = step.string("frame") { return .frames([[UInt8](text.trimmed.utf8)]) }
        if let name = step.string("file") { return framesOfFile(name, step) }
        guard let name = step.string("control") else { return nil }
        if let control = Self.controls[name] { return .control(control) }
        step.reject("control", "'\(name)' must be one of \(Self.controls.keys.sorted().joined(separator: ", "))")
        return nil
    }

    /// One frame a line. The file is looked for beside this one.
    private func framesOfFile(_ name: String, _ step: StrictMapping) -> MappingStep.Input? {
        let place = URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: path).deletingLastPathComponent()).path
        guard let data = FileManager.default.contents(atPath: place) else {
            step.reject("file", "\(place) cannot be read")
            return nil
        }
        let lines = data.split(separator: UInt8(ascii: "\n")).map { [UInt8]($0) }
        if lines.isEmpty { step.reject("file", "\(place) has no frames") }
        return .frames(lines)
    }

    // MARK: Expectations

    /// What a frame can become: control events are the session's.
    private static let types = EventText.fields.keys.filter { $0 != "control" }.sorted()

    private func expectation(_ step: StrictMapping) -> MappingExpectation {
        var expectation = MappingExpectation()
        expectation.events = (step.list("events") ?? []).compactMap { event($0) }
        expectation.isExact = step.flag("exactly")
        expectation.count = step.count("count")
        expectation.letters = (step.list("letters") ?? []).map { letter($0) }
        return expectation
    }

    private func event(_ node: ConfigurationNode) -> ExpectedItem? {
        let mapping = StrictMapping(node, "an event", problems: problems)
        let types = Self.types.joined(separator: ", ")
        guard let type = mapping.string("type") else {
            mapping.problem("'type' is missing: one of \(types)")
            return nil
        }
        guard Self.types.contains(type), let known = EventText.fields[type] else {
            mapping.reject("type", "'\(type)' must be one of \(types)")
            return nil
        }
        return item(mapping, known)
    }

    private func letter(_ node: ConfigurationNode) -> ExpectedItem {
        let mapping = StrictMapping(node, "a letter", problems: problems)
        if let reason = mapping.string("reason"), DeadLetterReason(name: reason) == nil {
            mapping.reject("reason", "'\(reason)' must be one of \(DeadLetterReason.names)")
        }
        return item(mapping, ["reason", "detail"])
    }

    private func item(_ mapping: StrictMapping, _ known: [String]) -> ExpectedItem {
        let fields = known.compactMap { name in
            mapping.string(name).map {
                ExpectedItem.Field(
                    name: name, value: $0 == "~" || $0 == "null" ? nil : $0,
                    line: mapping.node(name)?.line ?? mapping.line)
            }
        }
        mapping.rejectUnknownKeys()
        return ExpectedItem(line: mapping.line, fields: fields)
    }
}

extension String {
    /// Without the line end that a YAML block leaves.
    fileprivate var trimmed: String { trimmingCharacters(in: .newlines) }
}

extension DeadLetterReason {
    /// All of them, for a message about a wrong one.
    static var names: String { allCases.map(\.name).joined(separator: ", ") }
}
