import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Sportsbook
@testable import WebSocketTransport

/// A client of the sportsbook as tests need one: reads frames one by one and fails instead of waiting for ever.
final class BookClient {
    let connection: WebSocketConnection
    private var frames: [[UInt8]] = []
    private var messages: [DecodedMessage] = []

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init(_ url: String, token: String? = nil, _ change: (inout WebSocketClientConfiguration) -> Void = { _ in })
        async throws
    {
        var configuration = WebSocketClientConfiguration(url: url)
        if let token { configuration.headers = [HTTPHeader(name: "authorization", value: "Bearer \(token)")] }
        change(&configuration)
        connection = try await WebSocketConnection.connect(configuration, logger: Self.logger)
    }

    func send(_ text: String) async throws { try await connection.send(text: text) }

    func subscribe(_ streams: String = #""fixtures","odds","bets""#, after sequence: Int64? = nil) async throws {
        let resume = sequence.map { #","resume_after":\#($0)"# } ?? ""
        try await send(#"{"op":"subscribe","streams":[\#(streams)]\#(resume)}"#)
    }

    /// The next frame, nil when the connection has ended.
    func nextFrame() async throws -> [UInt8]? {
        while frames.isEmpty {
            guard let batch = try await connection.next() else { return nil }
            batch.forEachMessage { bytes, _ in frames.append(Array(bytes)) }
        }
        return frames.removeFirst()
    }

    func next() async throws -> DecodedMessage? {
        while messages.isEmpty {
            guard let frame = try await nextFrame() else { return nil }
            messages = try DecodedMessage.messages(in: frame)
        }
        return messages.removeFirst()
    }

    /// The next `count` messages.
    func next(_ count: Int) async throws -> [DecodedMessage] {
        var result: [DecodedMessage] = []
        while result.count < count, let message = try await next() { result.append(message) }
        return result
    }

    /// Reads to the first message of this type, and returns it with what came before.
    func read(to type: String) async throws -> (before: [DecodedMessage], message: DecodedMessage) {
        var before: [DecodedMessage] = []
        while let message = try await next() {
            if message.type == type { return (before, message) }
            before.append(message)
        }
        throw TestFailure("the connection ended before \(type): \(connection.closeReason.map { "\($0)" } ?? "?")")
    }

    /// Reads to the end of the connection.
    func readToEnd() async throws -> CloseReason? {
        while try await nextFrame() != nil {}
        return connection.closeReason
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs `body` against a server on a free port, which is stopped in any case.
func withSportsbook(
    _ content: SportsbookConfiguration.Content, faults: FaultScript = FaultScript(),
    _ change: (inout SportsbookConfiguration) -> Void = { _ in },
    _ body: (SportsbookServer, String) async throws -> Void
) async throws {
    var configuration = SportsbookConfiguration(content)
    configuration.faults = faults
    configuration.firstSequence = 1
    change(&configuration)
    let server = SportsbookServer(configuration, logger: BookClient.logger)
    let url = try await server.start()
    do {
        try await body(server, url)
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
    await server.stop(grace: .zero)
}
