import Foundation
import NIOCore
import WebSocketTransport

@testable import Broadcaster

/// A subscriber's side of the protocol, as the examples have it: keeps a book from the messages it is given.
final class BookClient {
    struct LaneBook: Equatable {
        var seq: Int64 = 0
        var fixture: String?
        /// Fields of rows by key, as JSON texts; null fields are absent.
        var rows: [String: [String: String]] = [:]
    }

    /// By lane name, and projection where there is one.
    private(set) var lanes: [String: LaneBook] = [:]
    private var continued: String?
    private(set) var cursors: [String: String] = [:]
    private(set) var messages: [[String: Any]] = []
    /// Lanes whose chain was broken: to be asked for again.
    var resyncs: [String] = []
    /// As the last message said that tells of them.
    private(set) var feedStates: [String: String] = [:]
    private(set) var resetCount = 0
    /// Whether all messages are kept, for tests that look at them.
    var isRecording = false

    func take(_ text: String) throws {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        guard let message = object as? [String: Any], let type = message["t"] as? String else {
            throw CocoaError(.coderReadCorrupt)
        }
        if isRecording { messages.append(message) }
        switch type {
        case "snap": for lane in message["lanes"] as? [[String: Any]] ?? [] { replace(lane) }
        case "d": apply(message)
        case "reset":
            lanes.removeAll()
            cursors.removeAll()
            resetCount += 1
        case "hello":
            for (name, feed) in message["feeds"] as? [String: [String: Any]] ?? [:] {
                feedStates[name] = feed["state"] as? String
            }
        case "snap_end":
            if let sid = message["sid"] as? Int, let cursor = message["cur"] as? String { cursors["\(sid)"] = cursor }
        case "hb":
            for (sid, cursor) in message["cur"] as? [String: String] ?? [:] { cursors[sid] = cursor }
            for (name, feed) in message["feeds"] as? [String: [Any]] ?? [:] { feedStates[name] = feed.first as? String }
        case "feed":
            if let name = message["name"] as? String { feedStates[name] = message["state"] as? String }
        default: break
        }
    }

    /// Goes on with these cursors on another connection, or with nothing at all.
    func begin(with cursors: [String]?) {
        if cursors == nil { lanes.removeAll() }
        self.cursors.removeAll()
        for (index, cursor) in (cursors ?? []).enumerated() { self.cursors["\(index + 1)"] = cursor }
        resyncs.removeAll()
        continued = nil
        resetCount = 0
    }

    func messages(_ type: String) -> [[String: Any]] { messages.filter { $0["t"] as? String == type } }

    private func key(_ object: [String: Any]) -> String {
        let name = object["ln"] as? String ?? ""
        return (object["pj"] as? String).map { "\(name)#\($0)" } ?? name
    }

    private func replace(_ object: [String: Any]) {
        let key = key(object)
        if object["gone"] as? Bool == true {
            lanes[key] = nil
            return
        }
        var lane = continued == key ? lanes[key] ?? LaneBook() : LaneBook()
        lane.seq = (object["seq"] as? NSNumber)?.int64Value ?? 0
        if let fixture = object["fixture"] { lane.fixture = Self.text(fixture) }
        for row in object["rows"] as? [[String: Any]] ?? [] { merge(row, into: &lane) }
        lanes[key] = lane
        continued = object["more"] as? Bool == true ? key : nil
    }

    private func apply(_ object: [String: Any]) {
        let key = key(object)
        var lane = lanes[key] ?? LaneBook()
        let seq = (object["seq"] as? NSNumber)?.int64Value ?? 0
        let prev = (object["prev"] as? NSNumber)?.int64Value ?? 0
        guard seq > lane.seq else { return }
        guard prev <= lane.seq else {
            resyncs.append(object["ln"] as? String ?? "")
            return
        }
        lane.seq = seq
        if let fixture = object["fixture"] { lane.fixture = Self.text(fixture) }
        for row in object["u"] as? [[String: Any]] ?? [] { merge(row, into: &lane) }
        for row in object["r"] as? [[String: Any]] ?? [] { lane.rows[row["k"] as? String ?? ""] = nil }
        lanes[key] = lane
    }

    private func merge(_ row: [String: Any], into lane: inout LaneBook) {
        guard let key = row["k"] as? String else { return }
        var fields = lane.rows[key] ?? [:]
        for (name, value) in row where name != "k" { fields[name] = value is NSNull ? nil : Self.text(value) }
        lane.rows[key] = fields
    }

    private static func text(_ value: Any) -> String {
        if let text = value as? String { return text }
        let data = try? JSONSerialization.data(withJSONObject: [value], options: [.sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// A connection without a network: what is written arrives at the client, at once or when the test lets it.
final class TestOutlet: Outlet {
    let client: BookClient
    let form: WireForm
    /// While it stands still nothing arrives, and the connection fills up.
    var isStalled = false
    var watermark = 3_000
    private(set) var closeCode: CloseCode?
    private(set) var inFlight: [String] = []
    private var urgentCount = 0
    private(set) var unwrittenBytes = 0
    /// Everything that was ever written.
    private(set) var writtenBytes = 0
    /// What is in flight, as it was given.
    private(set) var writes: [ByteBuffer] = []
    private var reader = WireReader()

    init(_ client: BookClient, form: WireForm = .frames) {
        self.client = client
        self.form = form
    }

    var connection: AnyObject { client }

    var isWritable: Bool { closeCode == nil && unwrittenBytes < watermark }

    func write(_ bytes: ByteBuffer, isUrgent: Bool) {
        writes.append(bytes)
        for text in reader.texts(bytes, form) { arrive(text, isUrgent: isUrgent) }
        writtenBytes += bytes.readableBytes
        unwrittenBytes += bytes.readableBytes
    }

    func writeAtOnce(_ bytes: ByteBuffer) { write(bytes, isUrgent: false) }

    func close(_ code: CloseCode, reason: String) { closeCode = code }

    /// Urgent ones overtake what is in flight, but not each other.
    private func arrive(_ text: String, isUrgent: Bool) {
        inFlight.insert(text, at: isUrgent ? urgentCount : inFlight.count)
        if isUrgent { urgentCount += 1 }
    }

    /// Lets what is in flight arrive. Returns whether anything did.
    func drain() throws -> Bool {
        guard !isStalled, !inFlight.isEmpty else { return false }
        let texts = inFlight
        cut()
        for text in texts {
            try ProtocolSchemas.check(frame: text)
            try client.take(text)
        }
        return true
    }

    /// The connection breaks: what is in flight is lost.
    func cut() {
        inFlight.removeAll()
        writes.removeAll()
        urgentCount = 0
        unwrittenBytes = 0
    }
}
