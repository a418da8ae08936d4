import Foundation
import Testing
import WebSocketTransport

@testable import Broadcaster

/// How a Broadcaster leaves.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct StopTests {
    private static let connections = 6

    /// Prices go on until the connections end, which they do one after another; nobody new is let in.
    @Test func whoIsConnectedSeesPricesToTheEnd() async throws {
        try await LiveBroadcaster.with({ $0.drain = .seconds(2) }) { live in
            var script = EntryScript(feed: live.feed.feed)
            try await live.feed.append(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")))
            var connections: [WebSocketConnection] = []
            for _ in 0..<Self.connections {
                let connection = try await live.connect()
                try await connection.send(text: #"{"t":"sub","id":1}"#)
                #expect(try await connection.message("snap_end") != nil)
                connections.append(connection)
            }
            await live.stop()
            for connection in connections { #expect(try await connection.message("bye") != nil) }
            do {
                _ = try await live.connect()
                Issue.record("somebody was let in")
            } catch WebSocketError.refused(let status, _, _) {
                #expect(status == 503)
            }
            try await live.feed.append(script.entry(.odds(fixture: "fx", option: "home", price: "1.6")))
            let ends = try await Self.ends(of: connections)
            #expect(ends.allSatisfy { $0.sawPrice && $0.code == 4010 })
            let times = ends.map(\.at).sorted()
            #expect(try #require(times.first).duration(to: try #require(times.last)) > .milliseconds(200))
        }
    }

    private struct End {
        let sawPrice: Bool
        let code: CloseCode?
        let at: ContinuousClock.Instant
    }

    private static func ends(of connections: [WebSocketConnection]) async throws -> [End] {
        try await withThrowingTaskGroup(of: End.self) { tasks in
            for connection in connections {
                tasks.addTask {
                    let delta = try await connection.message("d") != nil
                    return End(sawPrice: delta, code: try await connection.ended(), at: .now)
                }
            }
            var ends: [End] = []
            for try await end in tasks { ends.append(end) }
            return ends
        }
    }
}
