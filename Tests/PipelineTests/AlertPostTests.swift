import DevServices
import Foundation
import Sportsbook
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

/// A running process that posts its troubles, without anything that watches it.
@Suite struct AlertPostTests {
    /// The texts that were posted.
    private final class Hook: Sendable {
        private let posts = Mutex<[String]>([])

        var routes: HTTPRoutes {
            HTTPRoutes(respond: { request in
                let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
                self.posts.withLock { $0.append(body?["text"] as? String ?? "") }
                return HTTPResponse(status: 200, text: "ok")
            })
        }

        var texts: [String] { posts.withLock { $0 } }

        func wait(for words: String) async throws {
            for _ in 0..<300 {
                if texts.contains(where: { $0.contains(words) }) { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            Issue.record("nobody said '\(words)' within 30 s: \(texts)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aFeedThatIsLostAndMendedIsPosted() async throws {
        let redis = try await RedisServer.start()
        let hook = Hook()
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: hook.routes)
        let address = try await server.start()
        var settings = SportsbookConfiguration(.load(LoadConfiguration(total: nil, rate: 100)))
        settings.port = try FreePort.find()
        let book = SportsbookServer(settings)
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)" }
                operations:
                  listen: "127.0.0.1:0"
                  webhook: { url: "http://\(address)/hook", after: 1s, every: 1s }
                feed_client: { spool: { enabled: false } }
                feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
                """)
        try await stages.start("feed")
        try await Task.sleep(for: .seconds(3))
        #expect(hook.texts.isEmpty, "nothing is wrong yet")

        await book.stop()
        try await hook.wait(for: "feed.book is degraded since")
        settings.faults = try FaultScript(["1:messages=100:skip=10"])
        let again = SportsbookServer(settings)
        _ = try await again.start()
        try await hook.wait(for: "feed.book is mended after")
        try await hook.wait(for: "gap of feed book (sequence): 1 new")

        await redis.stop()
        try await hook.wait(for: "feed.book.log is down since")
        #expect(hook.texts.allSatisfy { $0.hasPrefix("touchline on ") && $0.contains("(feed):") }, "\(hook.texts)")
        // Without a Redis and a spool a drain has nowhere to go.
        await stages.kill("feed")
        await stages.removeFiles()
        await again.stop()
        await server.stop()
    }
}
