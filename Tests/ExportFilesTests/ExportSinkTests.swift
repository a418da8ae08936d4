import DevServices
import ExportFiles
import Foundation
import TestSupport
import Testing

@Suite struct ExportSinkTests {
    @Test(arguments: [true, false]) func `a file is whole, and as its checksum says`(gzip: Bool) async throws {
        try await withFolder { folder in
            let path = "\(folder)/out"
            let sink = try ExportSink(path: path, gzip: gzip)
            let block = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
            for _ in 0..<20 { try block.withUnsafeBytes { try sink.write($0) } }
            #expect(!FileManager.default.fileExists(atPath: path))
            let summary = try sink.finish()
            #expect(try FileChecksum.sha256(of: path) == summary.checksum)
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
            #expect(size == summary.bytes)
            let printed = try await ChildProcess.run(
                "bash", ["-c", gzip ? "gunzip -c \(path) | wc -c" : "wc -c < \(path)"])
            #expect(printed.output.trimmingCharacters(in: .whitespacesAndNewlines) == "2000000")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
        }
    }

    @Test func `nothing written is an empty file; one that is given up leaves nothing`() async throws {
        try await withFolder { folder in
            #expect(try ExportSink(path: "\(folder)/empty", gzip: true).finish().bytes > 0)
            do {
                let sink = try ExportSink(path: "\(folder)/given-up", gzip: false)
                try [UInt8](repeating: 7, count: 1 << 20).withUnsafeBytes { try sink.write($0) }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["empty"])
        }
    }

    @Test func `a folder and a file that are not there are said`() throws {
        #expect(throws: ExportError.self) { try ExportSink(path: "/nowhere/at/all", gzip: false) }
        let error = #expect(throws: ExportError.self) { try FileChecksum.sha256(of: "/nowhere") }
        #expect(error?.description.contains("/nowhere cannot be opened") == true)
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("export"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }
}
