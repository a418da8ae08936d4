import ExportFiles
import Foundation
import TestSupport
import Testing

@Suite struct FileCopyTests {
    /// Three pieces and a bit.
    private static let bytes = (0..<(3 << 20) + 17).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }

    @Test func `a copy is whole, verified, and alone under its name`() throws {
        try withFolders { from, to in
            let file = try write(Self.bytes, to: "\(from)/a")
            let copied = try FileCopy(from: file, to: "\(to)/b").run()
            #expect(copied.isNew && copied.bytes == Int64(Self.bytes.count) && copied.written == copied.bytes)
            #expect(try FileChecksum.sha256(of: "\(to)/b") == copied.sha256)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(to)/b")) == Data(Self.bytes))
            #expect(
                try String(contentsOfFile: "\(to)/b.sha256", encoding: .utf8) == "\(copied.sha256)  b\n")
            #expect(try names(to) == ["b", "b.sha256"])
            let again = try FileCopy(from: file, to: "\(to)/b").run()
            #expect(!again.isNew && again.written == 0 && again.sha256 == copied.sha256)
        }
    }

    @Test func `a file is not its own copy, whatever it is called there`() throws {
        try withFolders { from, to in
            let file = try write(Self.bytes, to: "\(from)/a")
            try FileManager.default.createSymbolicLink(atPath: "\(to)/linked", withDestinationPath: from)
            for target in [file, "\(to)/linked/a"] {
                let refusal = #expect(throws: ExportError.self) { try FileCopy(from: file, to: target).run() }
                #expect(refusal == .file("copied", path: file, reason: "it is in that folder already"))
            }
        }
    }

    @Test func `a name that an interrupted attempt left is not written through`() throws {
        try withFolders { from, to in
            let kept = try write(Self.bytes, to: "\(to)/a")
            try FileManager.default.linkItem(atPath: kept, toPath: "\(to)/.a.part")
            try FileManager.default.linkItem(atPath: kept, toPath: "\(from)/witness")
            let other = try write([1, 2, 3], to: "\(from)/a")
            _ = try FileCopy(from: other, to: kept).run(replacing: true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == Data([1, 2, 3]))
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(from)/witness")) == Data(Self.bytes))
        }
    }

    @Test func `an empty file is a file`() throws {
        try withFolders { from, to in
            let copied = try FileCopy(from: try write([], to: "\(from)/a"), to: "\(to)/a").run()
            #expect(copied.isNew && copied.bytes == 0)
            #expect(try names(to) == ["a", "a.sha256"])
        }
    }

    @Test(arguments: [1 << 20, (2 << 20) + 5, (4 << 20)])
    func `what an interrupted attempt has written is gone on with, as far as it is the same`(size: Int) throws {
        try withFolders { from, to in
            let file = try write(Self.bytes, to: "\(from)/a")
            let begun = (Self.bytes + Self.bytes).prefix(size)
            _ = try write(Array(begun), to: "\(to)/.a.part")
            let copied = try FileCopy(from: file, to: "\(to)/a").run()
            #expect(copied.written == Int64(max(0, Self.bytes.count - size / (1 << 20) * (1 << 20))))
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(to)/a")) == Data(Self.bytes))
            #expect(try names(to) == ["a", "a.sha256"])
        }
    }

    @Test func `of another file's beginning nothing is kept`() throws {
        try withFolders { from, to in
            let file = try write(Self.bytes, to: "\(from)/a")
            _ = try write([UInt8](repeating: 7, count: 2 << 20), to: "\(to)/.a.part")
            #expect(try FileCopy(from: file, to: "\(to)/a").run().written == Int64(Self.bytes.count))
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(to)/a")) == Data(Self.bytes))
        }
    }

    @Test func `another file of that name is replaced only if somebody says so`() throws {
        try withFolders { from, to in
            let file = try write(Self.bytes, to: "\(from)/a")
            _ = try write([1], to: "\(to)/a")
            let refusal = #expect(throws: ExportError.self) { try FileCopy(from: file, to: "\(to)/a").run() }
            #expect(refusal == .occupied(path: "\(to)/a"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(to)/a")) == Data([1]))
            #expect(try FileCopy(from: file, to: "\(to)/a").run(replacing: true).isNew)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(to)/a")) == Data(Self.bytes))
        }
    }

    @Test func `a file that is not what its checksum says is not copied`() throws {
        try withFolders { from, to in
            let file = try write(Self.bytes, to: "\(from)/a")
            let refusal = #expect(throws: ExportError.self) {
                try FileCopy(from: file, to: "\(to)/a").run(expected: "00")
            }
            #expect(refusal == .changed(path: file))
            #expect(try names(to) == [])
            _ = try FileCopy(from: file, to: "\(to)/a").run()
            #expect(throws: ExportError.self) { try FileCopy(from: file, to: "\(to)/a").run(expected: "00") }
        }
    }

    @Test func `what is no file, or not there, is said`() throws {
        try withFolders { from, to in
            for path in ["\(from)/absent", from] {
                let refusal = #expect(throws: ExportError.self) { try FileCopy(from: path, to: "\(to)/a").run() }
                #expect(refusal?.description.hasPrefix("\(path) cannot be") == true)
            }
            let file = try write([1], to: "\(from)/a")
            #expect(throws: ExportError.self) { try FileCopy(from: file, to: "\(to)/absent/a").run() }
        }
    }

    @Test(arguments: [
        ("file:///srv/a%20b", "/srv/a b"), ("FILE://localhost/srv", "/srv"), ("file:///", "/"), ("/srv", nil),
        ("file://host/srv", nil), ("file://srv", nil), ("file:///a%0", nil), ("file:///a%00", nil), ("s3://b/k", nil),
    ])
    func `a file URL names a path of this machine, or nothing`(text: String, path: String?) {
        #expect(FolderURL.path(text) == path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func withFolders(_ body: (String, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("copy")).path
        for name in ["from", "to"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body("\(folder)/from", "\(folder)/to")
    }
}
