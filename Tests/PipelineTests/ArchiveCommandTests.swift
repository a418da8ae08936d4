import DevServices
import Foundation
import TestSupport
import Testing

/// `touchline archive` as people use it.
@Suite(.motoServer, .timeLimit(.minutes(2))) struct ArchiveCommandTests {
    private static let prefix = "s3://history/recordings"

    @Test func `files of a folder go to a bucket and come back`() async throws {
        try await with { program, server, folder in
            let files = ["book-a-1.ndjson.gz", "book-a-2.ndjson.gz"]
            for file in files { try file.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8) }
            for other in [".hidden", "half.gz.4711.part"] {
                try other.write(toFile: "\(folder)/\(other)", atomically: true, encoding: .utf8)
            }
            let pushed = try await program.run(["archive", "push", folder, Self.prefix])
            #expect(pushed.code == 0, "\(pushed.output)")
            #expect(pushed.output.contains("stored \(Self.prefix)/book-a-1.ndjson.gz, 18 bytes"), "\(pushed.output)")
            let again = try await program.run(["archive", "push", folder, Self.prefix, "--remove"])
            #expect(again.output.contains("there already: \(Self.prefix)/book-a-2.ndjson.gz"), "\(again.output)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    ".hidden", "half.gz.4711.part",
                ])
            let listed = try await program.run(["archive", "list", Self.prefix])
            #expect(listed.code == 0)
            #expect(listed.output.hasSuffix("/book-a-2.ndjson.gz\n\n2 files, 36 bytes\n"), "\(listed.output)")
            let fetched = try await program.run(["archive", "fetch", "\(Self.prefix)/", "--to", "\(folder)/back"])
            #expect(fetched.code == 0, "\(fetched.output)")
            let checked = try await program.shell("cd \(folder)/back && cat *.sha256 | sha256sum -c && cat *.gz")
            #expect(
                checked.output.hasSuffix("\(files[0]): OK\n\(files[1]): OK\n\(files.joined())"), "\(checked.output)")
            let more = try await program.run([
                "archive", "fetch", "\(Self.prefix)/\(files[0])", "--to", "\(folder)/back",
            ])
            #expect(more.output == "there already: \(folder)/back/\(files[0])\n")
        }
    }

    @Test func `a recording that is being written, and one that does not match its checksum, stay`() async throws {
        try await with { program, server, folder in
            for name in ["a", "b", "c"] {
                try name.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            try "00  c\n".write(toFile: "\(folder)/c.sha256", atomically: true, encoding: .utf8)
            let pushed = try await program.shell(
                """
                push="archive push \(folder) \(Self.prefix) --remove"
                flock "\(folder)/a" "$TOUCHLINE" $push --config "$CONFIG" 2>&1
                echo "code $?"; ls "\(folder)"
                """)
            #expect(pushed.output.contains("left \(folder)/a: it is still being written"), "\(pushed.output)")
            #expect(pushed.output.contains("stored \(Self.prefix)/b"), "\(pushed.output)")
            #expect(pushed.output.contains("\(folder)/c does not have the bytes"), "\(pushed.output)")
            #expect(pushed.output.hasSuffix("code 1\na\nc\nc.sha256\n"), "\(pushed.output)")
        }
    }

    @Test func `killed in the middle, it goes on where it was`() async throws {
        try await with { program, server, folder in
            let made = try await program.shell("head -c \(100 << 20) /dev/urandom > \(folder)/large")
            #expect(made.outcome.isSuccess)
            let push = ["push", "\(folder)/large", Self.prefix]
            try await program.start("archive", push)
            while !server.requests.contains(where: { $0.contains("partNumber=4&") }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            await program.kill("archive")
            let parts = { (number: Int) in server.requests.count { $0.contains("partNumber=\(number)&") } }
            #expect(parts(20) == 0)
            let second = try await program.run(["archive"] + push)
            #expect(second.code == 0, "\(second.output)")
            #expect(second.output.contains("parts were there"), "\(second.output)")
            #expect((1...4).map(parts) == [1, 1, 1, 1])
            #expect(parts(20) == 1)
            let fetched = try await program.run(["archive", "fetch", "\(Self.prefix)/large", "--to", "\(folder)/back"])
            #expect(fetched.code == 0, "\(fetched.output)")
            #expect(FileManager.default.contentsEqual(atPath: "\(folder)/large", andPath: "\(folder)/back/large"))
        }
    }

    /// Neither the file nor what is sent of it is held in memory.
    @Test func `memory does not grow with the file`() async throws {
        try await with { program, server, folder in
            let memory = try await program.shell(
                #"""
                head -c 209715200 /dev/urandom > "\#(folder)/large"
                "$TOUCHLINE" archive push "\#(folder)/large" \#(Self.prefix) --config "$CONFIG" >/dev/null & p=$!
                while grep VmHWM /proc/$p/status 2>/dev/null; do sleep 0.05; done | tail -1 | tr -dc 0-9
                """#)
            #expect((Int(memory.output) ?? 0) > 0)
            #expect((Int(memory.output) ?? .max) < 150_000, "kB: \(memory.output)")
        }
    }

    @Test func `what cannot be done is a sentence`() async throws {
        try await with { program, server, folder in
            try "a".write(toFile: "\(folder)/a", atomically: true, encoding: .utf8)
            let refusals: [([String], Int32, String)] = [
                (["push", folder], 2, "s3://bucket/prefix"), (["push", folder, "s3://x"], 2, "3 to 63"),
                (["push", "\(folder)/absent", Self.prefix], 2, "is not there"),
                (["push", "\(folder)/a", "s3://nowhere"], 1, "NoSuchBucket"),
                (["list", "s3://nowhere"], 1, "make the bucket"), (["list", "history"], 2, "'history' is not there"),
                (["fetch", "\(Self.prefix)/absent", "--to", folder], 1, "recordings/absent is not there"),
                (["fetch", "\(Self.prefix)/", "--to", folder], 1, "nothing is in"),
            ]
            for (words, code, sentence) in refusals {
                let refused = try await program.run(["archive"] + words)
                #expect(refused.code == code, "\(words): \(refused.output)")
                #expect(refused.output.contains(sentence), "\(refused.output)")
            }
            let replay = try await program.run(["replay", "\(Self.prefix)/absent", "--provider", "sportsbook"])
            #expect(replay.code == 1)
            #expect(replay.output.contains("\(Self.prefix)/absent is not there"), "\(replay.output)")
            let keyless = try await program.shell(
                "cd / && env -u AWS_ACCESS_KEY_ID \"$TOUCHLINE\" archive list s3://history 2>&1; echo $?")
            #expect(keyless.output.contains("no credentials for the object store"), "\(keyless.output)")
            #expect(keyless.output.hasSuffix("\n2\n"), "\(keyless.output)")
        }
    }

    @Test func `lint hides who we are, and the environment says it too`() async throws {
        try await with { program, server, folder in
            let lint = try await program.run(["lint"])
            #expect(lint.code == 0, "\(lint.output)")
            #expect(lint.output.contains("object_store: { endpoint: \(server.endpoint), region: eu-west-1"))
            #expect(lint.output.contains("access_key: hidden, secret_key: hidden, path_style: true"))
            #expect(lint.output.contains("archive: s3://history/partitions"))
            #expect(!lint.output.contains("hush"), "\(lint.output)")
            let listed = try await program.shell(
                """
                export AWS_ACCESS_KEY_ID=hush AWS_SECRET_ACCESS_KEY=hush AWS_REGION=us-east-1
                TOUCHLINE_OBJECT_STORE_ENDPOINT=\(server.endpoint) "$TOUCHLINE" archive list s3://history
                """)
            #expect(listed.output == "nothing is there\n", "\(listed.output)")
            let doctor = try await program.run(["doctor"])
            #expect(doctor.output.contains("ok       archive s3://history/partitions answers"), "\(doctor.output)")
            await server.stop()
            let away = try await program.shell(
                "TOUCHLINE_OBJECT_STORE_ENDPOINT=http://127.0.0.1:9 \"$TOUCHLINE\" doctor --config \"$CONFIG\"")
            #expect(
                away.output.contains("PROBLEM  archive: s3://history/partitions cannot be listed"), "\(away.output)")
        }
    }

    private func with(_ body: (StageProcesses, MotoServer, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("archive"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await MotoServer.with(bucket: "history") { server in
            let program = try StageProcesses(
                configuration: """
                    object_store:
                      endpoint: \(server.endpoint)
                      region: eu-west-1
                      access_key: hush
                      secret_key: hush
                      part_bytes: 5MiB
                    writer: { partitions: { keep: 30d, archive: "s3://history/partitions" } }
                    """)
            try await body(program, server, folder.path)
            await program.removeFiles()
        }
    }
}
