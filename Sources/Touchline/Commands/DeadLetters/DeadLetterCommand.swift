import ArgumentParser

/// The messages that were refused, as the Writer has put them into `dead_letters`.
struct DeadLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq",
        abstract: "Dead letters: messages that were refused, and why; send them again or let them go.",
        subcommands: [
            LetterListCommand.self, LetterShowCommand.self, LetterReplayCommand.self, LetterDropCommand.self,
        ])
}
