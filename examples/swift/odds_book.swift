// Keeps a correct local book of Touchline's odds over Server-Sent Events, with nothing but Foundation:
//
//   swiftc -O odds_book.swift && ./odds_book 'http://127.0.0.1:8080/v1/stream?sports=football'
import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

final class Follower: NSObject, URLSessionDataDelegate, @unchecked Sendable {  // its session calls it on one queue
    var lanes: [String: (seq: Int64, rows: [String: [String: Any]])] = [:]
    var cursor = "", part: (name: String, rows: [String: [String: Any]])?, line = Data()
    func open(_ url: URL) {
        var request = URLRequest(url: url, timeoutInterval: 11)  // two heartbeats and a second of silence
        if cursor.isEmpty { lanes = [:] } else { request.setValue(cursor, forHTTPHeaderField: "Last-Event-ID") }
        (part, line) = (nil, Data())
        URLSession(configuration: .ephemeral, delegate: self, delegateQueue: .main).dataTask(with: request).resume()
    }
    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        for byte in data {
            guard byte == 10 else { line.append(byte); continue }
            let text = String(decoding: line, as: UTF8.self)
            line = Data()
            if text.hasPrefix("id: ") { cursor = String(text.dropFirst(4)) }
            guard text.hasPrefix("data: {\"t\"") else { continue }
            let message = try? JSONSerialization.jsonObject(with: Data(text.dropFirst(6).utf8)) as? [String: Any]
            guard take(message ?? [:]) else { cursor = ""; return dataTask.cancel() }  // a gap: begin again
            let prices = lanes.mapValues { $0.rows.mapValues { $0["p"] ?? NSNull() } }
            let json = try? JSONSerialization.data(withJSONObject: prices)
            FileHandle.standardOutput.write((json ?? Data()) + Data("\n".utf8))
        }
    }
    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        session.finishTasksAndInvalidate()
        guard let url = task.originalRequest?.url else { return }
        DispatchQueue.main.asyncAfter(deadline: .now() + .random(in: 0...2)) { self.open(url) }
    }
    func take(_ m: [String: Any]) -> Bool {
        if m["t"] as? String == "reset" { lanes = [:] }
        for lane in m["lanes"] as? [[String: Any]] ?? [] {
            guard let name = lane["ln"] as? String, let seq = (lane["seq"] as? NSNumber)?.int64Value else { return false }
            var rows = part?.name == name ? part?.rows ?? [:] : [:]  // a large lane comes in several parts
            for row in lane["rows"] as? [[String: Any]] ?? [] { rows[row["k"] as? String ?? ""] = row }
            part = lane["more"] != nil ? (name, rows) : nil
            if part == nil { lanes[name] = lane["gone"] != nil ? nil : (seq, rows) }
        }
        guard m["t"] as? String == "d", let name = m["ln"] as? String, let seq = (m["seq"] as? NSNumber)?.int64Value else { return true }
        var lane = lanes[name] ?? (0, [:])
        guard seq > lane.seq else { return true }
        guard let prev = (m["prev"] as? NSNumber)?.int64Value, prev <= lane.seq else { return false }
        lane.seq = seq
        for row in m["u"] as? [[String: Any]] ?? [] { lane.rows[row["k"] as? String ?? "", default: [:]].merge(row) { $1 } }
        for row in m["r"] as? [[String: Any]] ?? [] { lane.rows[row["k"] as? String ?? ""] = nil }
        lanes[name] = lane
        return true
    }
}
let follower = Follower()
guard CommandLine.arguments.count > 1, let url = URL(string: CommandLine.arguments[1]) else { fatalError("which URL?") }
follower.open(url)
RunLoop.main.run()
