import Foundation
import Logging
import WebSocketTransport

@testable import Broadcaster

/// A subscriber of many: when its server goes away it comes back at once, with its last cursor, until it is let in.
actor CrowdMember {
    /// What a return was answered with.
    enum Answer: Equatable {
        /// Only what has changed.
        case resumed
        /// Everything, with the reason.
        case reset(String)
        /// Everything, though nobody had said that what was there is void.
        case silent
    }

    /// What the returns since the last `forgetAnswers` were answered: a server that leaves may let one in once more.
    private(set) var answers: [Answer] = []
    /// Everything that should not have happened.
    private(set) var failures: [String] = []
    private let book = BookClient()
    private var isSpoiled = false
    private var reason: String?
    private let url: String

    init(port: Int) { url = "ws://127.0.0.1:\(port)/v1/ws" }

    /// The prices of one option, by lane.
    func prices(of option: String) -> [String: String] {
        book.lanes.compactMapValues { lane in
            // The book keeps numbers as JSON has them in a list.
            lane.rows.values.first { $0["option"] == option }?["p"]?.trimmingCharacters(in: ["[", "]"])
        }
    }

    /// What follows is another return.
    ///
    /// - Parameter isSpoiled: it comes with a cursor that no server has made.
    func forgetAnswers(isSpoiled: Bool) {
        answers.removeAll()
        self.isSpoiled = isSpoiled
    }

    /// Follows until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            if let connection = await connect() {
                await follow(connection)
                await connection.close()
            }
        }
    }

    /// Nil when it has to be tried again.
    private func connect() async -> WebSocketConnection? {
        do {
            var configuration = WebSocketClientConfiguration(url: url)
            configuration.connectTimeout = .seconds(60)
            return try await WebSocketConnection.connect(configuration, logger: .silent)
        } catch WebSocketError.refused(status: 503, let pause, body: _) {
            // Too many at once, or not ready: the server says when to ask again, and not everybody does so at once.
            await wait((pause ?? .seconds(1)) + .milliseconds(.random(in: 0..<1_000)))
        } catch WebSocketError.connectFailed, WebSocketError.closed, WebSocketError.handshakeInvalid {
            // Nobody listens, or the process ended before it answered.
            await wait(.milliseconds(.random(in: 50..<200)))
        } catch {
            failures.append("\(error)")
            await wait(.seconds(1))
        }
        return nil
    }

    /// A cancelled task does not wait.
    private func wait(_ pause: Duration) async { try? await Task.sleep(for: pause) }

    private func follow(_ connection: WebSocketConnection) async {
        let cursor = isSpoiled ? "AQ" : book.cursors["1"]
        let resume = cursor.map { #","resume":"\#($0)""# } ?? ""
        do {
            try await connection.send(text: #"{"t":"sub","id":1,"ch":"odds","f":{}\#(resume)}"#)
            while let batch = try await connection.next() {
                var texts: [String] = []
                batch.forEachMessage { bytes, _ in texts.append(String(decoding: bytes, as: UTF8.self)) }
                for text in texts { try take(text) }
            }
        } catch is CancellationError, is WebSocketError {
            // The test is over, or the server is.
        } catch {
            failures.append("\(error)")
        }
        // Killed, or leaving as it is told to.
        let code = connection.closeReason?.code
        if let code, code != .abnormal, code != .draining, code != .normal { failures.append("closed with \(code)") }
    }

    private func take(_ text: String) throws {
        try book.take(text)
        if !book.resyncs.isEmpty {
            failures.append("a hole in \(book.resyncs)")
            book.resyncs.removeAll()
        }
        if text.hasPrefix(#"{"t":"err""#) { failures.append(text) }
        if text.hasPrefix(#"{"t":"reset""#) {
            let message = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            reason = message?["why"] as? String
        }
        guard text.hasPrefix(#"{"t":"snap_end""#) else { return }
        answers.append(text.contains(#""resumed":true"#) ? .resumed : reason.map { .reset($0) } ?? .silent)
        reason = nil
        isSpoiled = false
    }
}
