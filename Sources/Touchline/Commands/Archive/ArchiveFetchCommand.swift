import ArgumentParser
import ExportFiles
import Foundation
import ObjectStore

/// Brings files back from a bucket or a folder.
struct ArchiveFetchCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Bring files back from a bucket or a folder, verified by their checksums.",
        discussion: """
            Example: touchline archive fetch s3://history/partitions/odds_ticks_20260307.csv.gz --to /srv/restore
            Example: touchline archive fetch s3://history/recordings/ --to /srv/restore
            Example: touchline archive fetch file:///mnt/archive/recordings/ --to /srv/restore
            With a slash at the end, everything below it. A file appears under its name when it is whole and verified.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "s3://bucket/key, file:///path or a path; with a slash at the end all that is in it.")
    var locations: [String]
    @Option(help: "The folder to put them in.") var to = "."

    func execute() async throws {
        let places = try locations.map { try ArchivePlace($0) }
        let objects = places.compactMap { if case .objects(let location) = $0 { location } else { nil } }
        let paths = places.compactMap { if case .folder(let path) = $0 { path } else { nil } }
        let store = objects.isEmpty ? nil : try options.objectStore()
        let folder = to
        let failures = try await Interruption.failing {
            let copied = try FolderFetch(folder: ArchiveFolder(folder)).fetch(paths)
            guard let store else { return copied }
            return try await copied + ArchiveFetch(store: store, folder: folder).fetch(objects)
        }
        if failures > 0 { throw CommandFailure(description: "\(failures) files could not be fetched") }
    }
}

/// Copies files of a folder that keeps them into another.
struct FolderFetch: Sendable {
    let folder: ArchiveFolder

    /// How many could not be had. What is wrong with one does not keep the others from being fetched.
    func fetch(_ paths: [String]) throws -> Int {
        if !paths.isEmpty { try folder.make() }
        var failures = 0
        for path in try expanded(paths) {
            do {
                guard let expected = LocalFiles.checksum(beside: path) else {
                    throw ExportError.unverifiable(path: path)
                }
                let copied = try folder.take(
                    path, as: LocalFiles.name(of: path), expected: expected, isReplacing: false)
                let size = ExportProgress.size(copied.bytes)
                StandardOutput.line(
                    copied.isNew ? "fetched \(copied.path), \(size): verified" : "there already: \(copied.path)")
            } catch let error as ExportError {
                failures += 1
                printError("touchline: \(error)")
            }
        }
        return failures
    }

    private func expanded(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path -> [String] in
            guard path.hasSuffix("/") else { return [path] }
            let found = try LocalFiles.find([path])
            if found.isEmpty { throw CommandFailure(description: "nothing is in \(path)") }
            return found
        }
    }
}

/// Fetches objects into a folder.
struct ArchiveFetch: Sendable {
    let store: ObjectStoreClient
    let folder: String

    /// How many could not be had. What is wrong with one does not keep the others from being fetched.
    func fetch(_ locations: [ObjectLocation]) async throws -> Int {
        try makeFolder()
        var failures = 0
        for location in try await expanded(locations) {
            do {
                StandardOutput.line(try await fetch(location).sentence)
            } catch let error as ObjectStoreError where error.isAboutOneObject {
                failures += 1
                printError("touchline: \(error)")
            }
        }
        return failures
    }

    /// What was fetched, as a file.
    struct Fetched: Sendable {
        let path: String
        let sentence: String
    }

    /// One object, with its checksum beside it. A file that is there already is taken if it is the same, and left
    /// alone if not.
    func fetch(_ location: ObjectLocation) async throws -> Fetched {
        let path = "\(folder)/\(location.name)"
        do {
            if FileManager.default.fileExists(atPath: path) { return try await there(path, location) }
            let fetched = try await ObjectDownload(store).fetch(location, to: path)
            try "\(fetched.sha256)  \(location.name)\n".write(
                toFile: path + ObjectLocation.noteSuffix, atomically: true, encoding: .utf8)
            return Fetched(path: path, sentence: "fetched \(path), \(ExportProgress.size(fetched.bytes)): verified")
        } catch let error as ExportError {
            throw CommandFailure(description: "\(error)")
        }
    }

    private func there(_ path: String, _ location: ObjectLocation) async throws -> Fetched {
        guard try await ObjectDownload(store).expected(of: location) == FileChecksum.sha256(of: path) else {
            throw CommandFailure(description: "\(path) is another file: move it away, or choose another --to")
        }
        return Fetched(path: path, sentence: "there already: \(path)")
    }

    func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(description: "\(folder) cannot be made: \(error.localizedDescription)")
        }
    }

    private func expanded(_ locations: [ObjectLocation]) async throws -> [ObjectLocation] {
        var all: [ObjectLocation] = []
        for location in locations {
            guard location.name.isEmpty else {
                all.append(location)
                continue
            }
            // What has no name of its own is a folder that some tool has made.
            let found = try await store.list(location).map(\.location).filter { !$0.isNote && !$0.name.isEmpty }
            if found.isEmpty { throw CommandFailure(description: "nothing is in \(location)") }
            all += found
        }
        return all
    }
}
