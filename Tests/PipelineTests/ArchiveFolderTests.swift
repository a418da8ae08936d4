import DevServices
import Foundation
import TestSupport
import Testing

/// `touchline archive` with a folder in the place of a bucket.
@Suite(.timeLimit(.minutes(2))) struct ArchiveFolderTests {
    @Test(arguments: ["", "file://"]) func `files go to a folder and come back`(scheme: String) async throws {
        try await with { program, folder in
            let files = ["book-a-1.ndjson.gz", "book-a-2.ndjson.gz"]
            try FileManager.default.createDirectory(atPath: "\(folder)/here", withIntermediateDirectories: true)
            for file in files { try file.write(toFile: "\(folder)/here/\(file)", atomically: true, encoding: .utf8) }
            for other in [".hidden", "half.gz.4711.part"] {
                try other.write(toFile: "\(folder)/here/\(other)", atomically: true, encoding: .utf8)
            }
            let place = "\(scheme)\(folder)/kept"
            let pushed = try await program.run(["archive", "push", "\(folder)/here", place])
            #expect(pushed.code == 0, "\(pushed.output)")
            #expect(pushed.output.contains("stored \(folder)/kept/\(files[0]), 18 bytes"), "\(pushed.output)")
            let again = try await program.run(["archive", "push", "\(folder)/here", place, "--remove"])
            #expect(again.output.contains("there already: \(folder)/kept/\(files[1])"), "\(again.output)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(folder)/here").sorted() == [
                    ".hidden", "half.gz.4711.part",
                ])
            for prefix in [place, "\(place)/book-a-"] {
                let listed = try await program.run(["archive", "list", prefix])
                #expect(listed.code == 0)
                #expect(
                    listed.output.hasSuffix("\(folder)/kept/\(files[1])\n\n2 files, 36 bytes\n"), "\(listed.output)")
                #expect(!listed.output.contains("no checksum"), "\(listed.output)")
            }
            let fetched = try await program.run(["archive", "fetch", "\(place)/", "--to", "\(folder)/back"])
            #expect(fetched.code == 0, "\(fetched.output)")
            let checked = try await program.shell("cd \(folder)/back && cat *.sha256 | sha256sum -c && cat *.gz")
            #expect(
                checked.output.hasSuffix("\(files[0]): OK\n\(files[1]): OK\n\(files.joined())"), "\(checked.output)")
        }
    }

    @Test func `what is damaged, occupied or half written is told, and left alone`() async throws {
        try await with { program, folder in
            for name in ["a", "b", "c"] {
                try name.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            try "00  c\n".write(toFile: "\(folder)/c.sha256", atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(atPath: "\(folder)/kept", withIntermediateDirectories: true)
            try "other".write(toFile: "\(folder)/kept/b", atomically: true, encoding: .utf8)
            let pushed = try await program.shell(
                """
                push="archive push \(folder)/a \(folder)/b \(folder)/c \(folder)/kept --remove"
                flock "\(folder)/a" "$TOUCHLINE" $push --config "$CONFIG" 2>&1; echo "code $?"
                "$TOUCHLINE" archive push "\(folder)/b" "\(folder)/kept" --replace --config "$CONFIG" 2>&1
                echo broken > "\(folder)/kept/b"; echo new > "\(folder)/kept/d"
                "$TOUCHLINE" archive fetch "\(folder)/kept/" --to "\(folder)/back" --config "$CONFIG" 2>&1; echo "code $?"
                ls "\(folder)/back"
                """)
            #expect(pushed.output.contains("left \(folder)/a: it is still being written"), "\(pushed.output)")
            #expect(pushed.output.contains("\(folder)/kept/b is another file already"), "\(pushed.output)")
            #expect(pushed.output.contains("\(folder)/c does not have the bytes"), "\(pushed.output)")
            #expect(pushed.output.contains("code 1\nstored \(folder)/kept/b, 1 bytes"), "\(pushed.output)")
            #expect(pushed.output.contains("\(folder)/kept/b does not have the bytes"), "\(pushed.output)")
            #expect(pushed.output.contains("\(folder)/kept/d has no SHA-256 beside it"), "\(pushed.output)")
            #expect(pushed.output.hasSuffix("code 1\n"), "\(pushed.output)")
        }
    }

    @Test func `killed in the middle, it goes on where it was`() async throws {
        try await with { program, folder in
            let made = try await program.shell(
                """
                head -c \(400 << 20) /dev/urandom > \(folder)/large
                "$TOUCHLINE" archive push \(folder)/large \(folder)/kept --config "$CONFIG" & p=$!
                until [ "$(stat -c %s \(folder)/kept/.large.part 2>/dev/null || echo 0)" -gt \(20 << 20) ]; do sleep 0.01; done
                { kill -9 $p; wait $p; } 2>/dev/null; ls \(folder)/kept
                """)
            #expect(made.output == "", "it was done before it was killed: \(made.output)")
            let second = try await program.run(["archive", "push", "\(folder)/large", "\(folder)/kept"])
            #expect(second.code == 0, "\(second.output)")
            #expect(second.output.contains("were there"), "\(second.output)")
            let same = try await program.shell("cmp \(folder)/large \(folder)/kept/large && ls -A \(folder)/kept")
            #expect(same.output == "large\nlarge.sha256\n", "\(same.output)")
        }
    }

    @Test func `a place that is none is a sentence`() async throws {
        try await with { program, folder in
            for (words, sentence) in [
                (["list", "ftp://host/path"], "is no place to keep files"),
                (["list", "\(folder)/absent"], "is not there"),
                (["push", folder, "file://elsewhere/path"], "is no place to keep files"),
            ] {
                let refused = try await program.run(["archive"] + words)
                #expect(refused.code == 2, "\(refused.output)")
                #expect(refused.output.contains(sentence), "\(refused.output)")
            }
            let empty = try await program.run(["archive", "fetch", "\(folder)/", "--to", "\(folder)/back"])
            #expect(empty.code == 1 && empty.output.contains("nothing is in"), "\(empty.output)")
        }
    }

    private func with(_ body: (StageProcesses, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("archive")).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = try StageProcesses(configuration: "{}")
        try await body(program, folder)
        await program.removeFiles()
    }
}
