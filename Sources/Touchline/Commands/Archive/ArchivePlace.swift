import ArgumentParser
import ExportFiles
import Foundation
import ObjectStore
import Telemetry

/// Where files are kept: a bucket or a folder.
enum ArchivePlace: Sendable, CustomStringConvertible {
    case objects(ObjectLocation)
    /// As it was named; what a slash at the end means is up to who reads it.
    case folder(String)

    /// `s3://bucket/prefix`, `file:///path` or a path.
    init(_ text: String) throws {
        if ObjectLocation.isURL(text) {
            self = .objects(try ObjectLocation(url: text))
        } else if text.contains("://") {
            guard let path = FolderURL.path(text) else {
                throw CommandFailure(
                    description: "'\(text)' is no place to keep files: s3://bucket/prefix, file:///path or a path",
                    exitCode: ExitCode(2))
            }
            self = .folder(path)
        } else {
            self = .folder(text)
        }
    }

    var description: String {
        switch self {
        case .objects(let location): "\(location)"
        case .folder(let path): path
        }
    }
}

/// A folder that keeps files, with the checksum of each beside it.
struct ArchiveFolder: Sendable {
    /// Without a slash at its end.
    let path: String

    init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    func make() throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(description: "\(path) cannot be made: \(SystemReason.of(error))")
        }
    }

    /// Copies a file into it.
    func take(_ file: String, as name: String, expected: String?, isReplacing: Bool) throws -> FileCopy.Result {
        try FileCopy(from: file, to: "\(path)/\(name)").run(expected: expected, replacing: isReplacing)
    }

    /// A file as it is in a list.
    struct Entry {
        let path: String
        let bytes: Int64
        let modified: Date
        let isVerifiable: Bool
    }

    /// The files whose paths begin with `prefix`, those of folders below it too; sorted.
    static func entries(beginningWith prefix: String) -> [Entry] {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: prefix, isDirectory: &isFolder)
        let root = isThere && isFolder.boolValue ? prefix : (prefix as NSString).deletingLastPathComponent
        let names =
            FileManager.default.enumerator(atPath: root.isEmpty ? "." : root)?.compactMap { $0 as? String } ?? []
        let base = root.isEmpty || root.hasSuffix("/") ? root : root + "/"
        let paths = names.map { base + $0 }.filter { $0.hasPrefix(prefix) && LocalFiles.isKept($0) }.sorted()
        return paths.compactMap { path in
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
                facts[.type] as? FileAttributeType == .typeRegular
            else { return nil }
            return Entry(
                path: path, bytes: (facts[.size] as? NSNumber)?.int64Value ?? 0,
                modified: facts[.modificationDate] as? Date ?? .distantPast,
                isVerifiable: LocalFiles.checksum(beside: path) != nil)
        }
    }
}
