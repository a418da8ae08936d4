import Foundation
import TestSupport
import Testing

/// `verify`, `erase-user` and `migrate --analyst-role` as people use them.
@Suite(.timeLimit(.minutes(1))) struct HistoryCommandTests {
    @Test func `verify audits a window, says what it looked at, and finds what is wrong in it alone`() async throws {
        try await ExampleHistory.with { program, database in
            let day = ["--from", "2026-03-07T00:00:00Z", "--to", "2026-03-08T00:00:00Z"]
            let sound = try await program.run(["verify"] + day)
            #expect(sound.code == 0, "\(sound.output)")
            #expect(sound.output.hasPrefix("from 2026-03-07T00:00:00.000Z to 2026-03-08T00:00:00.000Z: "))
            #expect(sound.output.contains("note   book-a: 1 gaps of kind reconnect are on record and not healed"))
            #expect(sound.output.hasSuffix("clean: nothing is wrong\n"))
            _ = try await database.value("DELETE FROM settlements WHERE feed_id = 2 AND selection_key = 8")
            let damaged = try await program.run(["verify"] + day)
            #expect(damaged.code == 1)
            #expect(damaged.output.contains("WRONG  book-b: 1 rows that the ledger counted"), "\(damaged.output)")
            let morning = ["--from", "2026-03-07T00:00:00Z", "--to", "2026-03-07T15:00:00Z"]
            #expect(try await program.run(["verify"] + morning).code == 0)
            #expect(try await program.run(["verify", "--from", "1h", "--to", "2h"]).code == 2)
            #expect(try await program.run(["verify", "--from", "noon"]).code == 2)
        }
    }

    @Test func `a user is forgotten, after being asked for twice`() async throws {
        try await ExampleHistory.with { program, database in
            let unsure = try await program.shell(#""$TOUCHLINE" erase-user u-ann --config "$CONFIG" < /dev/null"#)
            #expect(unsure.output.contains("not confirmed: nothing was done"), "\(unsure.output)")
            #expect(try await database.value("SELECT count(DISTINCT bet_id) FROM bets WHERE user_id = 'u-ann'") == "2")
            let (code, told) = try await program.run(["erase-user", "u-ann", "--token", "erased-1", "--yes"])
            #expect(code == 0)
            #expect(told.contains("6 rows of bets, 0 entries of raw frames, 0 dead letters"), "\(told)")
            #expect(try await database.value("SELECT count(*) FROM bets WHERE user_id = 'u-ann'") == "0")
            #expect(try await database.value("SELECT sum(amount) FROM bets WHERE user_id = 'erased-1'") == "160")
            #expect(try await program.run(["erase-user", "u-bob", "--token", "a b", "--yes"]).code == 2)
            let nobody = try await program.run(["erase-user", "u-nobody", "--yes"])
            #expect(nobody.code == 0 && nobody.output.contains("nothing of 'u-nobody' was found"), "\(nobody.output)")
            #expect(try await program.run(["verify"]).code == 0)
        }
    }

    @Test func `migrate makes a role that reads`() async throws {
        try await ExampleHistory.with { program, database in
            let role = RandomName.next("analyst")
            let made = try await program.run(["migrate", "--analyst-role", role])
            #expect(made.code == 0, "\(made.output)")
            #expect(made.output.contains("role \(role) reads the schema"), "\(made.output)")
            let rows = try await database.value(
                "SET ROLE \"\(role)\"; SELECT count(*) FROM odds_changes; RESET ROLE; DROP OWNED BY \"\(role)\"; DROP ROLE \"\(role)\""
            )
            #expect(rows == "47")
            #expect(try await program.run(["migrate", "--analyst-role", ""]).code == 2)
        }
    }
}
