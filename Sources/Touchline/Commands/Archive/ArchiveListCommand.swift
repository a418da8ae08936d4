import ArgumentParser
import ObjectStore

/// Lists what is in a bucket.
struct ArchiveListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List files of a bucket: size, when they were stored, URL.",
        discussion: "Example: touchline archive list s3://history/recordings/book-a-")

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "s3://bucket, or what the names begin with.") var location: String

    func execute() async throws {
        let location = try ObjectLocation(url: location)
        let store = try options.objectStore()
        try await Interruption.failing {
            let objects = try await store.list(location)
            for line in ArchiveText.lines(objects) { StandardOutput.line(line) }
        }
    }
}

/// Objects as rows for people.
enum ArchiveText {
    static func lines(_ objects: [ListedObject]) -> [String] {
        let files = objects.filter { !$0.location.isNote }
        guard !files.isEmpty else { return ["nothing is there"] }
        let noted = Set(objects.filter(\.location.isNote).map(\.location))
        let sizes = files.map { ExportProgress.size($0.bytes) }
        let width = sizes.map(\.count).max() ?? 0
        let rows = zip(files, sizes).map { file, size in
            let mark = noted.contains(file.location.note) ? "" : "  (no checksum beside it)"
            return "\(size.rightAligned(to: width))  \(time(file.modified))  \("\(file.location)".printable)\(mark)"
        }
        let total = ExportProgress.size(files.reduce(0) { $0 + $1.bytes })
        return rows + ["", "\(files.count) \(files.count == 1 ? "file" : "files"), \(total)"]
    }

    /// To the second.
    private static func time(_ modified: String) -> String {
        modified.count > 19 ? "\(modified.prefix(19))Z" : modified
    }
}
