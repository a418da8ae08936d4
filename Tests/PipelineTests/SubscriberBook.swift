import Foundation
import Logging
import WebSocketTransport

/// What a subscriber knows: the rows of the odds channel, kept as SUBSCRIBERS.md tells a client to.
///
/// Beside each row it keeps the last state in which the row was open.
final class SubscriberBook {
    struct Row: Equatable {
        var fields: [String: String] = [:]
    }

    private(set) var rows: [String: Row] = [:]
    private(set) var lastOpen: [String: Row] = [:]
    private(set) var frames = 0

    /// Reads the channel until `isDone` says so, or two minutes have passed.
    func follow(_ url: String, until isDone: @Sendable () async throws -> Bool) async throws {
        let connection = try await WebSocketConnection.connect(
            WebSocketClientConfiguration(url: url), logger: Logger(label: "subscriber"))
        try await connection.send(text: #"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        let limit = ContinuousClock.now + .seconds(120)
        while let batch = try await connection.next(), ContinuousClock.now < limit {
            try apply(batch)
            if try await isDone() { break }
        }
        await connection.close()
    }

    private func apply(_ batch: MessageBatch) throws {
        var offset = 0
        while offset < batch.bytes.count {
            let length =
                batch.bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1 & 0xFF) } & 0x7FFF_FFFF
            let message = Data(batch.bytes[offset + 4..<offset + 4 + length])
            offset += 4 + length
            guard let object = try JSONSerialization.jsonObject(with: message) as? [String: Any] else { continue }
            apply(object)
        }
    }

    private func apply(_ message: [String: Any]) {
        frames += 1
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
            for (name, value) in change { row.fields[name] = value is NSNull ? nil : "\(value)" }
            rows[key] = row
            if row.fields["st"] == "open" { lastOpen[key] = row }
        }
    }
}
