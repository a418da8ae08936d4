import ArgumentParser
import PostgresCopy
import Writer

/// Forgets a user.
struct EraseUserCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase-user",
        abstract: "Replace a user's id by a token in bets, raw frames and dead letters.",
        discussion: """
            Example: touchline erase-user u-4711
            The bets stay, and belong to the token. Interrupted, run it again with the token that it named. Nothing else \
            is touched: streams forget within minutes, but recordings, files of retired partitions, exports and backups \
            of the database keep what they have. An id that is nowhere is said to be, and is no failure.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The user's id, as in bets.user_id.") var user: String
    @Option(help: "What to put in its place; default: erased- and a random number.") var token: String?
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false

    func execute() async throws {
        let token = try chosenToken()
        if !yes {
            printError("Erase '\(user.printable)' for ever? Type the id again to go on, or use --yes:")
            guard readLine() == user else {
                throw CommandFailure(description: "not confirmed: nothing was done", exitCode: ExitCode(2))
            }
        }
        printError("touchline: the token is \(token)")
        let erasure = UserErasure(user: user, token: token)
        let outcome = try await MigratedDatabase.with(
            options.load().postgresURL, name: "erase-user", statementTimeout: nil
        ) { connection in
            try await erasure.run(connection) { step in
                if ErrorTerminal.isThere { ErrorTerminal.overwrite(step) }
            }
        }
        if ErrorTerminal.isThere { ErrorTerminal.overwrite("") }
        print(
            "\(outcome.bets) rows of bets, \(outcome.rawEntries) entries of raw frames, \(outcome.letters) dead letters"
        )
        if outcome.bets + outcome.rawEntries + outcome.letters == 0 {
            print("nothing of '\(user.printable)' was found: is the id right?")
        }
        if outcome.emptiedLetters > 0 {
            print("\(outcome.emptiedLetters) of the letters had to lose their payload and cannot be replayed")
        }
    }

    private func chosenToken() throws -> String {
        guard (1...200).contains(user.utf8.count) else {
            throw CommandFailure(description: "a user's id has 1 to 200 bytes", exitCode: ExitCode(2))
        }
        guard let token else { return "erased-" + String(UInt64.random(in: .min ... .max), radix: 16) }
        let isPlain = token.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isPlain, (1...60).contains(token.count), token != user else {
            throw CommandFailure(
                description: "'--token \(token.printable)' must be 1 to 60 letters, digits and hyphens, and not the id",
                exitCode: ExitCode(2))
        }
        return token
    }
}
