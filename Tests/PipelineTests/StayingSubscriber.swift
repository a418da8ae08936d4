import Foundation
import Logging
import Testing
import WebSocketTransport

/// A subscriber who stays: when its server goes away it takes the next one and goes on from its last cursor. It keeps account
/// of how long the feed was not live for it.
actor StayingSubscriber {
    /// Resumes that were answered with everything from the beginning, and why.
    private(set) var resets: [String] = []
    /// Deltas that did not follow what it had.
    private(set) var holes = 0
    private(set) var resumes = 0
    /// The longest time without a feed that is up and a complete state of it.
    private(set) var longestOutage = Duration.zero
    private var kept = SubscriberRows()
    private var lanes: [String: Int64] = [:]
    private var cursor: String?
    private var states: [String: String] = [:]
    private var isComplete = false
    private var hasBegun = false
    private var outageBegan: ContinuousClock.Instant?
    private let urls: [String]
    private let feed: String

    /// - Parameter urls: of the servers, the first of which is tried first.
    init(_ urls: [String], feed: String) {
        self.urls = urls
        self.feed = feed
    }

    var rows: [SubscriberRows.Row] { Array(kept.byKey.values) }

    /// Whether the feed is up and everything of it is known.
    var isLive: Bool { isComplete && states[feed] == "up" }

    /// Follows until its task is cancelled.
    func run() async {
        var turn = 0
        while !Task.isCancelled {
            await follow(urls[turn % urls.count])
            isComplete = false
            look()
            turn += 1
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func follow(_ url: String) async {
        let configuration = WebSocketClientConfiguration(url: url)
        guard
            let connection = try? await WebSocketConnection.connect(configuration, logger: Logger(label: "subscriber"))
        else { return }
        do {
            // A cursor a second: only what was written is resumed from.
            try await connection.send(text: #"{"t":"hb","hb_ms":1000}"#)
            try await connection.send(text: subscription)
            while let batch = try await connection.next() {
                for message in try batch.objects() { apply(message) }
                look()
            }
        } catch {
            if !(error is CancellationError), !(error is WebSocketError) {
                Issue.record("a subscriber could not read on: \(error)")
            }
        }
        await connection.close()
    }

    private var subscription: String {
        let resume = cursor.map { #","resume":"\#($0)""# } ?? ""
        return #"{"t":"sub","id":1,"ch":"odds","f":{},"conflate_ms":250\#(resume)}"#
    }

    private func apply(_ message: [String: Any]) {
        switch message["t"] as? String {
        case "hello":
            for (name, state) in message["feeds"] as? [String: [String: Any]] ?? [:] {
                states[name] = state["state"] as? String
            }
        case "feed":
            if let name = message["name"] as? String { states[name] = message["state"] as? String }
        case "reset":
            resets.append(message["why"] as? String ?? "")
            lanes.removeAll()
            isComplete = false
        case "snap_end":
            cursor = message["cur"] as? String ?? cursor
            if message["resumed"] as? Bool == true { resumes += 1 }
            isComplete = true
        case "hb": cursor = (message["cur"] as? [String: String])?.values.first ?? cursor
        case "snap":
            for lane in message["lanes"] as? [[String: Any]] ?? [] {
                if let name = lane["ln"] as? String { lanes[name] = Self.number(lane["seq"]) }
            }
            kept.apply(message)
        case "d": if follows(message) { kept.apply(message) }
        default: break
        }
    }

    /// Whether a delta is news of a lane.
    private func follows(_ delta: [String: Any]) -> Bool {
        guard let name = delta["ln"] as? String else { return false }
        let (own, sequence) = (lanes[name] ?? 0, Self.number(delta["seq"]))
        guard sequence > own else { return false }
        if Self.number(delta["prev"]) > own { holes += 1 }
        lanes[name] = sequence
        return true
    }

    private static func number(_ value: Any?) -> Int64 { (value as? NSNumber)?.int64Value ?? 0 }

    /// Begins or ends an outage. Before the feed was live for the first time there is none.
    private func look() {
        let now = ContinuousClock.now
        if isLive {
            hasBegun = true
            if let began = outageBegan { longestOutage = max(longestOutage, now - began) }
            outageBegan = nil
        } else if hasBegun, outageBegan == nil {
            outageBegan = now
        }
    }
}
