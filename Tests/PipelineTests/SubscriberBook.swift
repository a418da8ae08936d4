import Foundation
import Logging
import WebSocketTransport

/// A subscriber: the rows of the odds channel, kept as SUBSCRIBERS.md tells a client to.
///
/// Beside each row it keeps the last state in which the row was open.
final class SubscriberBook {
    /// A row's fields as texts; absent and null are the same.
    typealias Row = [String: String]

    private(set) var rows: [String: Row] = [:]
    private(set) var lastOpen: [String: Row] = [:]
    private let batches: AsyncThrowingStream<MessageBatch, any Error>
    private let reading: Task<Void, Never>

    /// Connects and subscribes to everything; returns once the server has answered with its snapshot.
    init(_ url: String) async throws {
        let connection = try await WebSocketConnection.connect(
            WebSocketClientConfiguration(url: url), logger: Logger(label: "subscriber"))
        try await connection.send(text: #"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        // Read apart from being understood: a slow subscriber is sent fewer states than there were.
        let (batches, continuation) = AsyncThrowingStream.makeStream(of: MessageBatch.self)
        reading = Task {
            do {
                while let batch = try await connection.next() { continuation.yield(batch) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
            await connection.close()
        }
        self.batches = batches
        try await follow { $0.contains("snap_end") }
    }

    /// Follows the channel until `markets` markets are known and all their rows are closed.
    func followUntilClosed(markets: Int) async throws {
        try await follow { _ in isClosed(markets) }
        reading.cancel()
    }

    private func isClosed(_ markets: Int) -> Bool {
        Set(rows.values.map { $0["mid"] }).count == markets && rows.values.allSatisfy { $0["st"] == "closed" }
    }

    /// Applies what comes until `isDone`, asked with the types of the last messages. Throws when the server hangs up.
    private func follow(until isDone: (Set<String>) -> Bool) async throws {
        for try await batch in batches {
            if isDone(try apply(batch)) { return }
        }
        throw CocoaError(.fileReadUnknown)
    }

    private func apply(_ batch: MessageBatch) throws -> Set<String> {
        var types: Set<String> = []
        var bytes = batch.bytes[...]
        while bytes.count >= 4 {
            // A message's length with a flag in the top bit, little-endian: the form in which the transport delivers.
            let length = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
            let message = Data(bytes.dropFirst(4).prefix(length))
            bytes = bytes.dropFirst(4 + length)
            guard let object = try JSONSerialization.jsonObject(with: message) as? [String: Any] else { continue }
            apply(object)
            if let type = object["t"] as? String { types.insert(type) }
        }
        return types
    }

    private func apply(_ message: [String: Any]) {
        switch message["t"] as? String {
        case "snap":
            for lane in message["lanes"] as? [[String: Any]] ?? [] { upsert(lane["rows"], replacing: true) }
        case "d":
            upsert(message["u"], replacing: false)
            for removed in message["r"] as? [[String: Any]] ?? [] {
                if let key = removed["k"] as? String { rows[key] = nil }
            }
        default: break
        }
    }

    private func upsert(_ changes: Any?, replacing: Bool) {
        for change in changes as? [[String: Any]] ?? [] {
            guard let key = change["k"] as? String else { continue }
            var row = replacing ? Row() : rows[key] ?? Row()
            for (name, value) in change { row[name] = value is NSNull ? nil : "\(value)" }
            rows[key] = row
            if row["st"] == "open" { lastOpen[key] = row }
        }
    }
}
