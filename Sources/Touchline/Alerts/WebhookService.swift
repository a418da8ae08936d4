import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import Telemetry
import WebSocketTransport

/// Posts what goes wrong in this process to a webhook, for those who run no Prometheus.
///
/// Nobody waits for it: it looks at what the others report, once a second, and a hook that is slow or away delays
/// nothing but itself.
struct WebhookService: Service {
    let configuration: WebhookConfiguration
    /// Which process speaks, such as `host-1 (feed)`.
    let sender: String
    let watch: TroubleWatch
    let group: any EventLoopGroup
    let logger: Logger
    var period = Duration.seconds(1)

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                let posts = PostCounters()
                var book = AlertBook(after: configuration.after, every: configuration.every)
                while true {
                    try await Task.sleep(for: period)
                    let now = SystemTime.now
                    guard let message = book.observe(watch.troubles, watch.mishaps, at: now) else { continue }
                    try await post(message, &book, posts)
                }
            }
        } catch is CancellationError {}
    }

    private func post(_ message: AlertMessage, _ book: inout AlertBook, _ posts: PostCounters) async throws {
        var exchange = configuration.exchange
        exchange.headers.append(HTTPHeader(name: "Content-Type", value: "application/json"))
        exchange.body = message.body(sender: sender)
        do {
            let answer = try await exchange.perform(group: group)
            if (200..<300).contains(answer.status) {
                posts.delivered.increment()
                return book.delivered(message)
            }
            posts.refused.increment()
            if let patience = answer.retryAfter { book.wait(patience, from: SystemTime.now) }
            logger.warning("the webhook refuses alerts", metadata: ["status": "\(answer.status)"])
        } catch {
            // A shutdown interrupts the post; nothing is wrong with the hook then.
            try Task.checkCancellation()
            posts.failed.increment()
            logger.warning("the webhook cannot be reached", metadata: [LogKey.error: "\(error)"])
        }
    }

    /// What became of the posts.
    private struct PostCounters {
        let delivered = Self.counter("delivered")
        let refused = Self.counter("refused")
        let failed = Self.counter("failed")

        private static func counter(_ outcome: String) -> Counter {
            Counter(label: "touchline_webhook_posts_total", dimensions: [("outcome", outcome)])
        }
    }
}
