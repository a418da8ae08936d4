import DevServices
import Foundation
import TestSupport
import Testing

/// `touchline export` as people use it: files, pipes, ctrl-C.
@Suite(.timeLimit(.minutes(2))) struct ExportTests {
    @Test func `a view as CSV, plain and compressed, into a file and a pipe`() async throws {
        try await ExampleHistory.with { program, database in
            let path = try await program.write("", to: "odds.csv")
            let (code, told) = try await program.run(["export", "odds_changes", "--output", path])
            #expect(code == 0, "\(told)")
            #expect(told.contains("exported 47 rows"), "\(told)")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.first?.hasPrefix("id,fixture_id,market_type,option_id,odd_value,timestamp") == true)
            #expect(lines.count == 48)
            let piped = try await program.shell(
                #"""
                set -e
                "$TOUCHLINE" export odds_changes --gzip --config "$CONFIG" 2>/dev/null | gunzip | cmp - "\#(path)"
                "$TOUCHLINE" export odds_changes --gzip --output "\#(path).gz" --quiet --config "$CONFIG"
                gunzip -c "\#(path).gz" | cmp - "\#(path)"
                "$TOUCHLINE" export "line_movement('fx-1')" --config "$CONFIG" 2>/dev/null | wc -l
                "$TOUCHLINE" export "SELECT generate_series(1, 10000000)" --config "$CONFIG" | head -n 2
                """#)
            #expect(piped.outcome.isSuccess, "\(piped.output)")
            #expect(piped.output == "31\ngenerate_series\n1\n", "\(piped.output)")
        }
    }

    @Test func `NDJSON is one object a line, whatever the texts contain`() async throws {
        try await ExampleHistory.with { program, database in
            let awkward =
                #"SELECT n, E'a"b\\c\nd\te\x01\x02,ü\U0001F3C7' AS text, '{"x": 1}'::json AS j FROM generate_series(1, 2) n"#
            let path = try await program.write("", to: "odd.ndjson")
            let (code, told) = try await program.run(["export", awkward, "--format", "ndjson", "--output", path])
            #expect(code == 0, "\(told)")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 2)
            for (number, line) in lines.enumerated() {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(object["n"] as? Int == number + 1)
                #expect(object["text"] as? String == "a\"b\\c\nd\te\u{1}\u{2},ü\u{1F3C7}")
                #expect((object["j"] as? [String: Int]) == ["x": 1])
            }
        }
    }

    @Test func `what cannot be exported is said, and leaves no file`() async throws {
        try await ExampleHistory.with { program, database in
            let path = try await program.write("as it was", to: "kept.csv")
            let refusals = [
                ("no_such_view", "Views: odds_changes"), ("SELECT 1; SELECT 2", "syntax error"),
                ("SELECT 1) TO STDOUT; DROP TABLE odds_ticks; COPY (SELECT 1", "SQLSTATE 42601"),
                ("SELECT 1 / (n - 5000) FROM generate_series(1, 6000) n", "division by zero"),
                ("SELECT setval('feeds_feed_id_seq', 1)", "read-only transaction"),
            ]
            for (query, words) in refusals {
                let (code, told) = try await program.run(["export", query, "--output", path])
                #expect(code == 1, "\(query)")
                #expect(told.contains(words), "\(told)")
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "as it was")
            let nowhere = try await program.run(["export", "bets", "--output", "/nowhere/bets.csv"])
            #expect(nowhere.code == 1)
            #expect(nowhere.output.contains("/nowhere/bets.csv"), "\(nowhere.output)")
            let leftovers = try await program.shell("ls $(dirname \"$CONFIG\") | grep -c part || true")
            #expect(leftovers.output == "0\n", "\(leftovers.output)")
        }
    }

    @Test func `ctrl-C leaves what was there; much more than memory passes through`() async throws {
        try await ExampleHistory.with { program, database in
            let path = try await program.write("as it was", to: "long.csv")
            try await program.start(
                "export", ["SELECT n, repeat('x', 200) FROM generate_series(1, 100000000) n", "--output", path])
            try await database.until(
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT n, repeat%' AND state = 'active'"
            )
            let outcome = await program.end("export", with: SIGINT)
            #expect(outcome?.status == .exited(1))
            #expect(await program.output(of: "export").contains("interrupted: \(path) was not written"))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "as it was")
            let memory = try await program.shell(
                #"""
                "$TOUCHLINE" export "SELECT n, repeat('x', 200) FROM generate_series(1, 1000000) n" --gzip --quiet \
                    --output "\#(path).gz" --config "$CONFIG" & p=$!
                while grep VmHWM /proc/$p/status 2>/dev/null; do sleep 0.1; done | tail -1 | tr -dc 0-9
                """#)
            #expect((Int(memory.output) ?? 0) > 0)
            #expect((Int(memory.output) ?? .max) < 100_000, "kB: \(memory.output)")
        }
    }
}
