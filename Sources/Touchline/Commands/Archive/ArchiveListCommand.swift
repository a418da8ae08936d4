import ArgumentParser
import Foundation
import ObjectStore

/// Lists what is in a bucket or a folder.
struct ArchiveListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List files of a bucket or a folder: size, when they were stored, where.",
        discussion: "Example: touchline archive list s3://history/recordings/book-a-")

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "s3://bucket, file:///path or a path; or what the names begin with.") var location: String

    func execute() async throws {
        let location: ObjectLocation
        switch try ArchivePlace(self.location) {
        case .folder(let path):
            for line in try ArchiveText.lines(below: path) { StandardOutput.line(line) }
            return
        case .objects(let objects): location = objects
        }
        let store = try options.objectStore()
        try await Interruption.failing {
            let objects = try await store.list(location)
            for line in ArchiveText.lines(objects) { StandardOutput.line(line) }
        }
    }
}

/// Files that are kept, as rows for people.
enum ArchiveText {
    private struct Row {
        let bytes: Int64
        let time: String
        let place: String
        let isVerifiable: Bool
    }

    static func lines(_ objects: [ListedObject]) -> [String] {
        let noted = Set(objects.filter(\.location.isNote).map(\.location))
        return lines(
            objects.filter { !$0.location.isNote }.map { file in
                Row(
                    bytes: file.bytes, time: time(file.modified), place: "\(file.location)",
                    isVerifiable: noted.contains(file.location.note))
            })
    }

    /// - Throws: `CommandFailure` where there is no such folder.
    static func lines(below path: String) throws -> [String] {
        let entries = ArchiveFolder.entries(beginningWith: path)
        guard !entries.isEmpty || FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(description: "'\(path)' is not there", exitCode: ExitCode(2))
        }
        return lines(
            entries.map { file in
                Row(
                    bytes: file.bytes, time: file.modified.formatted(.iso8601), place: file.path,
                    isVerifiable: file.isVerifiable)
            })
    }

    private static func lines(_ files: [Row]) -> [String] {
        guard !files.isEmpty else { return ["nothing is there"] }
        let sizes = files.map { ExportProgress.size($0.bytes) }
        let width = sizes.map(\.count).max() ?? 0
        let rows = zip(files, sizes).map { file, size in
            let mark = file.isVerifiable ? "" : "  (no checksum beside it)"
            return "\(size.rightAligned(to: width))  \(file.time)  \(file.place.printable)\(mark)"
        }
        let total = ExportProgress.size(files.reduce(0) { $0 + $1.bytes })
        return rows + ["", "\(files.count) \(files.count == 1 ? "file" : "files"), \(total)"]
    }

    /// To the second.
    private static func time(_ modified: String) -> String {
        modified.count > 19 ? "\(modified.prefix(19))Z" : modified
    }
}
