import DevServices
import Foundation
import NIOCore
import TestSupport
import Testing
import WebSocketTransport

/// A provider that lets everyone in and answers nothing.
@Suite(.serialized) struct UnansweredTests {
    private final class SilentPeer: WebSocketServerDelegate {
        func opened(_ peer: WebSocketPeer) {}
        func received(text: ByteBuffer, from peer: WebSocketPeer) {}
        func received(binary: ByteBuffer, from peer: WebSocketPeer) {}
        func writabilityChanged(_ peer: WebSocketPeer) {}
        func closed(_ peer: WebSocketPeer, reason: CloseReason) {}
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("sportsbook", "", "no answer to the subscription within 1 s"),
            ("betfair", "app_key: k, token: t,", "no answer to the connection: no greeting within 1 s"),
        ])
    func `the record says what was not answered`(provider: String, settings: String, reason: String) async throws {
        let redis = try await TestServers.redis()
        let routes = HTTPRoutes(upgrade: { _ in .accept(delegate: { _ in SilentPeer() }) })
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: routes)
        let address = try await server.start()
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)", prefix: "\(RandomName.next("unanswered"))" }
                operations: { listen: "127.0.0.1:0" }
                feeds: { book: { provider: \(provider), \(settings) url: "ws://\(address)/", answer_timeout: 1s } }
                """)
        try await stages.start("feed")
        var said: (code: Int32?, output: String) = (nil, "")
        for _ in 0..<100 where said.code != 0 {
            // Until the feed has begun there is nothing to watch; then it waits for the line.
            said = try await stages.run(["tap", "book", "raw", "--from-start", "--filter", reason, "--limit", "1"])
            if said.code != 0 { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(said.output.contains(reason), "\(said.output)")
        await stages.expectCleanEnd()
        await server.stop(grace: .zero)
    }
}
