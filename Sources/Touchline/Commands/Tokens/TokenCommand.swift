import ArgumentParser

/// Credentials for subscribers.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Mint a subscriber's JSON Web Token for development, or make keys.",
        discussion: "Example: touchline token mint --subject partner-a --feeds book-a --ttl 8h",
        subcommands: [TokenMintCommand.self, TokenKeyCommand.self, TokenAPIKeyCommand.self],
        defaultSubcommand: TokenMintCommand.self)
}
