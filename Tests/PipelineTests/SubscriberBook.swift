import Foundation
import Logging
import WebSocketTransport

/// A subscriber: the rows of the odds channel, kept as SUBSCRIBERS.md tells a client to.
///
/// Beside each row it keeps the last state in which the row was open.
final class SubscriberBook {
    typealias Row = SubscriberRows.Row

    private var kept = SubscriberRows()
    var rows: [String: Row] { kept.byKey }
    var lastOpen: [String: Row] { kept.lastOpen }
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
        for message in try batch.objects() {
            kept.apply(message)
            if let type = message["t"] as? String { types.insert(type) }
        }
        return types
    }
}

/// The rows of the odds channel, as SUBSCRIBERS.md tells a client to keep them.
struct SubscriberRows {
    /// A row's fields as texts, with its lane as `ln`; absent and null are the same.
    typealias Row = [String: String]

    /// By their `k`.
    private(set) var byKey: [String: Row] = [:]
    private(set) var lastOpen: [String: Row] = [:]

    mutating func apply(_ message: [String: Any]) {
        switch message["t"] as? String {
        case "snap":
            for lane in message["lanes"] as? [[String: Any]] ?? [] { upsert(lane["rows"], lane["ln"], replacing: true) }
        case "d":
            upsert(message["u"], message["ln"], replacing: false)
            for removed in message["r"] as? [[String: Any]] ?? [] {
                if let key = removed["k"] as? String { byKey[key] = nil }
            }
        default: break
        }
    }

    private mutating func upsert(_ changes: Any?, _ lane: Any?, replacing: Bool) {
        for change in changes as? [[String: Any]] ?? [] {
            guard let key = change["k"] as? String else { continue }
            var row = replacing ? Row() : byKey[key] ?? Row()
            for (name, value) in change { row[name] = value is NSNull ? nil : "\(value)" }
            row["ln"] = lane as? String
            byKey[key] = row
            if row["st"] == "open" { lastOpen[key] = row }
        }
    }
}

extension MessageBatch {
    /// Its messages, read as JSON.
    func objects() throws -> [[String: Any]] {
        var objects: [[String: Any]] = []
        var bytes = bytes[...]
        while bytes.count >= 4 {
            // A message's length with a flag in the top bit, little-endian: the form in which the transport delivers.
            let length = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
            let message = Data(bytes.dropFirst(4).prefix(length))
            bytes = bytes.dropFirst(4 + length)
            if let object = try JSONSerialization.jsonObject(with: message) as? [String: Any] { objects.append(object) }
        }
        return objects
    }
}
