import FeedModel
import Testing

@testable import Broadcaster

/// A feed that is up: it says what a test wants said, and in between that it is there, as a FeedClient does.
actor PlayedFeed {
    nonisolated let live: LiveFeed
    private var script: EntryScript
    private var session = SessionState.live
    /// Entries go out one behind the other, whoever has them sent.
    private var last: Task<Void, any Error>?

    private init(_ live: LiveFeed) {
        self.live = live
        script = EntryScript(feed: live.feed)
    }

    static func with(_ body: (PlayedFeed) async throws -> Void) async throws {
        try await LiveFeed.with { live in
            let feed = PlayedFeed(live)
            let keeping = Task {
                while true {
                    try await feed.keepAlive()
                    try await Task.sleep(for: .seconds(2))
                }
            }
            do { try await body(feed) } catch {
                keeping.cancel()
                throw error
            }
            keeping.cancel()
            _ = await keeping.result
        }
    }

    /// Appends events as one frame.
    func say(_ events: EntryScript.Event...) async throws { try await say(events) }

    /// Appends events as one frame.
    func say(_ events: [EntryScript.Event]) async throws {
        script.receivedAt = WallClock.now
        let payload = script.entry([events])
        let append = Task { [live, last] in
            try await last?.value
            try await live.append(payload)
        }
        last = append
        try await append.value
    }

    /// The session with the provider is in another state from now on.
    func turn(_ state: SessionState, why: String = "") async throws {
        session = state
        try await say(.control(.stateChanged(state: state, why: why)))
    }

    private func keepAlive() async throws { try await say(.control(.keepalive(state: session))) }
}

extension PlayedFeed {
    /// Three fixtures of two sports, two of them live; all main prices are open.
    func sayFixtures() async throws {
        try await say(
            .fixture("fx-1", status: .live, home: "Arsenal", away: "Chelsea", score: (1, 0)),
            .odds(fixture: "fx-1", option: "home", price: "1.95"),
            .odds(fixture: "fx-1", option: "draw", price: "3.4"),
            .odds(fixture: "fx-1", option: "away", price: "4.2"),
            .odds(fixture: "fx-1", market: "totals", option: "over", price: "1.8", line: "2.5", marketName: "Goals"),
            .odds(fixture: "fx-1", market: "totals", option: "under", price: "2.1", line: "2.5", marketName: "Goals"),
            .odds(fixture: "fx-1", market: "correct_score", option: "1-0", price: "7.5"))
        try await say(
            .fixture("fx-2", tournament: "Serie A", home: "Inter", away: "Juventus"),
            .odds(fixture: "fx-2", option: "home", price: "2.5"), .odds(fixture: "fx-2", option: "draw", price: "3.1"),
            .odds(fixture: "fx-2", option: "away", price: "2.9"))
        try await say(
            .fixture("fx-3", status: .live, sport: "tennis", tournament: "Wimbledon", home: "Alcaraz", away: "Sinner"),
            .odds(fixture: "fx-3", market: "winner", option: "home", price: "1.6"),
            .odds(fixture: "fx-3", market: "winner", option: "away", price: "2.4"))
    }
}
