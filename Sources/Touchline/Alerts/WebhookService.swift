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
    /// Nothing is posted while there is no hook.
    let settings: WebhookSettings
    /// Which process speaks, such as `host-1 (feed)`.
    let sender: String
    let watch: TroubleWatch
    let group: any EventLoopGroup
    let logger: Logger
    var period = Duration.seconds(1)

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                // Only those who have a hook have counters of posts.
                var posts: PostCounters?
                var book = AlertBook(after: .zero, every: .zero)
                while true {
                    try await Task.sleep(for: period)
                    guard let hook = settings.value else { continue }
                    let counters = posts ?? PostCounters()
                    posts = counters
                    guard let message = look(hook, &book) else { continue }
                    try await post(message, to: hook, &book, counters)
                }
            }
        } catch is CancellationError {}
    }

    /// What is to be told now, by what the hook asks for.
    private func look(_ hook: WebhookConfiguration, _ book: inout AlertBook) -> AlertMessage? {
        book.follow(after: hook.after, every: hook.every)
        var watch = watch
        watch.silentAfter = hook.silentAfter
        return book.observe(watch.troubles, watch.mishaps, at: SystemTime.now)
    }

    private func post(
        _ message: AlertMessage, to hook: WebhookConfiguration, _ book: inout AlertBook, _ posts: PostCounters
    ) async throws {
        var exchange = hook.exchange
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
