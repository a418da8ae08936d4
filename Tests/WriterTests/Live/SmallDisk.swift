import DevServices
import Foundation
import TestSupport

/// A file system of a few megabytes in memory.
struct SmallDisk {
    let path: String

    static func with(megabytes: Int, _ body: (SmallDisk) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("disk")).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let disk = SmallDisk(path: path)
        try await disk.run("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path])
        do {
            try await body(disk)
        } catch {
            try? await disk.remove()
            throw error
        }
        try await disk.remove()
    }

    func give(toOwnerOf other: String) async throws { try await run("chown", ["--reference", other, path]) }

    func grow(megabytes: Int) async throws {
        try await run("mount", ["-o", "remount,size=\(megabytes)m", path])
    }

    private func remove() async throws {
        try await run("umount", ["--lazy", path])
        try FileManager.default.removeItem(atPath: path)
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        let result = try await ChildProcess.run(program, arguments)
        guard result.outcome.isSuccess else { throw Refused(output: result.output) }
    }

    struct Refused: Error {
        let output: String
    }
}
