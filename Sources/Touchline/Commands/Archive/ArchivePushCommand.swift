import ArgumentParser
import ExportFiles
import Foundation
import ObjectStore

/// Brings files into a bucket or a folder.
struct ArchivePushCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Send files, or those of a folder, to a bucket or another folder, and verify that they arrived.",
        discussion: """
            Example: touchline archive push /var/lib/touchline/recordings s3://history/recordings --remove
            Example: touchline archive push /var/lib/touchline/recordings file:///mnt/archive/recordings --remove
            A recording that is still being written is left for the next time. Killed at any moment, the same
            command goes on where it stopped. Each file gets its SHA-256 beside it, NAME.sha256, as sha256sum -c
            reads it.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "Files and folders, and last s3://bucket/prefix, file:///path or a folder's path.") var paths:
        [String]
    @Flag(help: "Remove each file here once it is verified there.") var remove = false
    @Flag(help: "Put a file in the place of another one of the same name.") var replace = false

    func execute() async throws {
        guard let last = paths.last, paths.count > 1 else {
            throw CommandFailure(
                description: "say what to send, and last s3://bucket/prefix or a folder", exitCode: ExitCode(2))
        }
        let place = try ArchivePlace(last)
        let files = try LocalFiles.find(paths.dropLast())
        let push = ArchivePush(target: try target(place), isReplacing: replace, isRemoving: remove)
        let failures = try await Interruption.failing { try await push.run(files) }
        if failures > 0 {
            throw CommandFailure(description: "\(failures) of \(files.count) files are not in \(place)")
        }
    }

    private func target(_ place: ArchivePlace) throws -> ArchivePush.Target {
        switch place {
        case .objects(let prefix): return .objects(ObjectUpload(try options.objectStore()), prefix)
        case .folder(let path):
            let folder = ArchiveFolder(path)
            try folder.make()
            return .folder(folder)
        }
    }
}

/// Sends files, one after the other.
struct ArchivePush: Sendable {
    enum Target: Sendable {
        case objects(ObjectUpload, ObjectLocation)
        case folder(ArchiveFolder)
    }

    let target: Target
    let isReplacing: Bool
    let isRemoving: Bool

    /// How many could not be sent. What is wrong with one file does not keep the others from being sent; what is wrong
    /// with the store does.
    func run(_ files: [String]) async throws -> Int {
        var failures = 0
        for file in files {
            guard !LocalFiles.isBeingWritten(file) else {
                StandardOutput.line("left \(file): it is still being written")
                continue
            }
            do {
                let sentence = try await send(file)
                if isRemoving { try LocalFiles.remove(file) }
                StandardOutput.line(sentence)
            } catch let error as ObjectStoreError where error.isAboutOneObject {
                failures += 1
                printError("touchline: \(error)")
            } catch let error as ExportError {
                failures += 1
                printError("touchline: \(error)")
            }
        }
        if files.isEmpty { StandardOutput.line("there is nothing to send") }
        return failures
    }

    private func send(_ file: String) async throws -> String {
        let name = LocalFiles.name(of: file)
        let expected = LocalFiles.checksum(beside: file)
        switch target {
        case .objects(let upload, let prefix):
            let sent = try await upload.push(
                file, to: prefix.appending(name), expected: expected, replacing: isReplacing)
            let size = ExportProgress.size(sent.bytes)
            guard sent.sent > 0 else { return "there already: \(sent.location), \(size)" }
            let resumed = sent.found > 0 ? ", \(sent.found) parts were there" : ""
            return "stored \(sent.location), \(size)\(resumed)"
        case .folder(let folder):
            let copied = try folder.take(file, as: name, expected: expected, isReplacing: isReplacing)
            let size = ExportProgress.size(copied.bytes)
            guard copied.isNew else { return "there already: \(copied.path), \(size)" }
            let found = copied.bytes - copied.written
            return "stored \(copied.path), \(size)\(found > 0 ? ", \(ExportProgress.size(found)) were there" : "")"
        }
    }
}

/// The files that are sent.
enum LocalFiles {
    /// Files as they are named; of a folder, its own files: not what is hidden, half written or the checksum of
    /// another.
    static func find(_ paths: some Sequence<String>) throws -> [String] {
        try paths.flatMap { path -> [String] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw CommandFailure(description: "'\(path)' is not there", exitCode: ExitCode(2))
            }
            guard isFolder.boolValue else { return [path] }
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            return names.filter(isSent).map { "\(path.hasSuffix("/") ? String(path.dropLast()) : path)/\($0)" }
                .filter { isFile($0) }
        }
    }

    /// Nothing hidden or half written, and no checksum of another.
    private static func isSent(_ name: String) -> Bool {
        !name.hasPrefix(".") && !name.hasSuffix(".part") && !name.hasSuffix(ObjectLocation.noteSuffix)
    }

    /// Whether the last part of a path is the name of a file that is kept for itself.
    static func isKept(_ path: String) -> Bool { isSent(name(of: path)) }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    static func name(of path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

    /// Whether a recorder of this machine has it open: it holds a lock (flock) for as long.
    static func isBeingWritten(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// What the file's bytes were when it was made, if somebody wrote that down.
    static func checksum(beside path: String) -> String? {
        guard let text = try? String(contentsOfFile: path + ObjectLocation.noteSuffix, encoding: .utf8) else {
            return nil
        }
        return text.split(whereSeparator: \.isWhitespace).first.map { $0.lowercased() }
    }

    static func remove(_ path: String) throws {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw CommandFailure(description: "\(path) is stored but cannot be removed: \(error.localizedDescription)")
        }
        try? FileManager.default.removeItem(atPath: path + ObjectLocation.noteSuffix)
    }
}
