import ArgumentParser
import Foundation
import ObjectStore

/// Brings files into a bucket.
struct ArchivePushCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send files, or those of a folder, to a bucket, and verify that they arrived.",
        discussion: """
            Example: touchline archive push /var/lib/touchline/recordings s3://history/recordings --remove
            A recording that is still being written is left for the next time. Killed at any moment, the same
            command goes on where it stopped. Each file gets its SHA-256 beside it, NAME.sha256, as sha256sum -c
            reads it.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "Files and folders, and last s3://bucket/prefix.") var paths: [String]
    @Flag(help: "Remove each file here once it is verified there.") var remove = false
    @Flag(help: "Put a file in the place of another one of the same name.") var replace = false

    func execute() async throws {
        guard let last = paths.last, paths.count > 1 else {
            throw CommandFailure(description: "say what to send, and last s3://bucket/prefix", exitCode: ExitCode(2))
        }
        let prefix = try ObjectLocation(url: last)
        let files = try LocalFiles.find(paths.dropLast())
        let store = try options.objectStore()
        let (remove, replace) = (remove, replace)
        let failures = try await Interruption.failing {
            try await Self.push(files, to: prefix, store, isRemoving: remove, isReplacing: replace)
        }
        if failures > 0 {
            throw CommandFailure(description: "\(failures) of \(files.count) files are not in \(prefix)")
        }
    }

    /// How many could not be sent. What is wrong with one file does not keep the others from being sent; what is wrong
    /// with the store does.
    private static func push(
        _ files: [String], to prefix: ObjectLocation, _ store: ObjectStoreClient, isRemoving: Bool, isReplacing: Bool
    ) async throws -> Int {
        var failures = 0
        for file in files {
            guard !LocalFiles.isBeingWritten(file) else {
                StandardOutput.line("left \(file): it is still being written")
                continue
            }
            do {
                let target = prefix.appending(LocalFiles.name(of: file))
                let sent = try await ObjectUpload(store).push(
                    file, to: target, expected: LocalFiles.checksum(beside: file), replacing: isReplacing)
                if isRemoving { try LocalFiles.remove(file) }
                StandardOutput.line(sentence(sent))
            } catch let error as ObjectStoreError where error.isAboutOneObject {
                failures += 1
                printError("touchline: \(error)")
            }
        }
        if files.isEmpty { StandardOutput.line("there is nothing to send") }
        return failures
    }

    private static func sentence(_ sent: ObjectUpload.Result) -> String {
        let size = ExportProgress.size(sent.bytes)
        guard sent.sent > 0 else { return "there already: \(sent.location), \(size)" }
        let resumed = sent.found > 0 ? ", \(sent.found) parts were there" : ""
        return "stored \(sent.location), \(size)\(resumed)"
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

    private static func isSent(_ name: String) -> Bool {
        !name.hasPrefix(".") && !name.hasSuffix(".part") && !name.hasSuffix(ObjectLocation.noteSuffix)
    }

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
