import Foundation
import Logging
import Synchronization
import WebSocketTransport

/// Speaks the Chrome DevTools Protocol with a browser: commands that are answered, and events of the pages.
final class DevToolsConnection: Sendable {
    /// What a page's events are given to: the event's name and the whole message.
    typealias Listener = @Sendable (_ event: String, _ message: Data) -> Void

    /// The browser refused a command, or went away.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var lastID = 0
        var calls: [Int: CheckedContinuation<Data, any Error>] = [:]
        var listeners: [String: Listener] = [:]
        var isClosed = false
    }

    private struct Command: Encodable {
        let id: Int
        let method: String
        let params: DevToolsValue
        /// The page it is for; nil: the browser.
        let sessionId: String?
    }

    private struct Envelope: Decodable {
        struct Refusal: Decodable { let message: String }

        let id: Int?
        let method: String?
        let sessionId: String?
        let error: Refusal?
    }

    private struct Answer<Result: Decodable>: Decodable { let result: Result }

    /// The answer of a command that says nothing but that it was done.
    struct Done: Decodable, Sendable {}

    private let state = Mutex(State())
    private let connection: WebSocketConnection

    private init(_ connection: WebSocketConnection) { self.connection = connection }

    static func open(_ url: String) async throws -> DevToolsConnection {
        var configuration = WebSocketClientConfiguration(url: url)
        // A picture of a page is one message.
        configuration.maximumMessageBytes = 64 * 1024 * 1024
        // A browser on a busy machine is slow, and its end is seen anyway.
        configuration.pingInterval = .seconds(3_600)
        let logger = Logger(label: "devtools") { _ in SwiftLogNoOpLogHandler() }
        let opened = DevToolsConnection(try await WebSocketConnection.connect(configuration, logger: logger))
        Task { await opened.read() }
        return opened
    }

    func close() async { await connection.close() }

    /// Sends a command and returns what it is answered.
    func call<Result: Decodable & Sendable>(
        _ method: String, _ parameters: DevToolsValue = [:], session: String? = nil, as type: Result.Type = Done.self
    ) async throws -> Result {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let command = Command(id: id, method: method, params: parameters, sessionId: session)
        let text = String(decoding: try JSONEncoder().encode(command), as: UTF8.self)
        let answer = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard register(continuation, as: id) else {
                    return continuation.resume(throwing: Failure(description: "\(method): the browser is gone"))
                }
                Task {
                    do { try await connection.send(text: text) } catch { finish(id, with: .failure(error)) }
                }
            }
        } onCancel: {
            finish(id, with: .failure(CancellationError()))
        }
        return try JSONDecoder().decode(Answer<Result>.self, from: answer).result
    }

    func listen(to session: String, _ listener: @escaping Listener) {
        state.withLock { $0.listeners[session] = listener }
    }

    func forget(_ session: String) { state.withLock { _ = $0.listeners.removeValue(forKey: session) } }

    // MARK: Messages

    private func register(_ continuation: CheckedContinuation<Data, any Error>, as id: Int) -> Bool {
        state.withLock { state in
            // Cancelled before it was registered: the handler found nothing to resume.
            guard !state.isClosed, !Task.isCancelled else { return false }
            state.calls[id] = continuation
            return true
        }
    }

    private func finish(_ id: Int, with result: Result<Data, any Error>) {
        state.withLock { $0.calls.removeValue(forKey: id) }?.resume(with: result)
    }

    private func read() async {
        while let batch = try? await connection.next() {
            batch.forEachMessage { bytes, _ in take(Data(bytes)) }
        }
        let calls = state.withLock { state in
            state.isClosed = true
            defer { state.calls = [:] }
            return state.calls.values
        }
        for call in calls { call.resume(throwing: Failure(description: "the browser has gone away")) }
    }

    private func take(_ message: Data) {
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: message) else { return }
        if let id = envelope.id {
            let failure = envelope.error.map { Failure(description: $0.message) }
            finish(id, with: failure.map { .failure($0) } ?? .success(message))
        } else if let event = envelope.method, let session = envelope.sessionId {
            state.withLock { $0.listeners[session] }?(event, message)
        }
    }
}
