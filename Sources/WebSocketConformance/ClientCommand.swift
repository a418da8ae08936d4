import ArgumentParser
import WebSocketTransport

/// Runs every case of a suite's server: asks how many there are, echoes each, and has the reports written.
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Echoes all cases of a suite's server.")

    @Argument(help: "The suite's server, such as ws://127.0.0.1:9105.")
    var url: String

    @Option(help: "The name of this client in the reports.")
    var agent = "touchline"

    @Flag(help: "Offers client_no_context_takeover.")
    var clientNoContextTakeover = false

    func run() async throws {
        let count = try await caseCount()
        for number in 1...max(1, count) { await runCase(number) }
        let connection = try await connect("/updateReports?agent=\(agent)")
        while try await connection.next() != nil {}
        try StandardOutput.line("\(count) cases echoed")
    }

    private func caseCount() async throws -> Int {
        let connection = try await connect("/getCaseCount")
        var text = ""
        while let batch = try await connection.next() {
            batch.forEachMessage { message, _ in text += String(decoding: message, as: UTF8.self) }
        }
        guard let count = Int(text), count > 0 else { throw ValidationError("the suite counts '\(text)' cases") }
        return count
    }

    /// The suite is the judge: a connection that breaks is a case with a verdict, not the end of the run.
    private func runCase(_ number: Int) async {
        do {
            let connection = try await connect("/runCase?case=\(number)&agent=\(agent)")
            var spent = MessageBatch()
            while let batch = try await connection.next(reusing: spent) {
                try await echo(batch, connection)
                spent = batch
            }
        } catch {}
    }

    private func echo(_ batch: MessageBatch, _ connection: WebSocketConnection) async throws {
        var messages: [(bytes: [UInt8], isBinary: Bool)] = []
        batch.forEachMessage { message, isBinary in messages.append((Array(message), isBinary)) }
        for message in messages {
            if message.isBinary {
                try await connection.send(binary: message.bytes)
            } else {
                try await connection.send(text: String(decoding: message.bytes, as: UTF8.self))
            }
        }
    }

    private func connect(_ target: String) async throws -> WebSocketConnection {
        var configuration = WebSocketClientConfiguration(url: url + target)
        configuration.maximumMessageBytes = EchoLimits.messageBytes
        configuration.pingInterval = EchoLimits.pingInterval
        var offer = CompressionOffer()
        offer.clientNoContextTakeover = clientNoContextTakeover
        configuration.compression = offer
        return try await WebSocketConnection.connect(configuration)
    }
}
