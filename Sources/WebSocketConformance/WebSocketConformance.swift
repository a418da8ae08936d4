import ArgumentParser

/// The two ends of `WebSocketTransport` as a conformance suite wants them: they echo whatever comes.
///
/// `scripts/conformance.sh` runs it. It is no part of the program that users get.
@main
struct WebSocketConformance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "WebSocketConformance",
        abstract: "Echoes messages, for a WebSocket conformance suite.",
        subcommands: [ServerCommand.self, ClientCommand.self])
}

/// What both ends allow: the suite's largest message is 16 MiB.
enum EchoLimits {
    static let messageBytes = 16 * 1024 * 1024
    static let unwrittenBytes = 4 * messageBytes
    /// The suite takes its time between frames, and counts every frame that it did not ask for.
    static let pingInterval = Duration.seconds(3_600)
}
