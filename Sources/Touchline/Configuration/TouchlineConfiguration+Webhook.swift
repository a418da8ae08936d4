import FeedClient
import Foundation
import WebSocketTransport

extension TouchlineConfiguration {
    /// `operations.webhook`: nil without one, or when its address is missing: that is a problem then.
    static func readWebhook(_ operations: ConfigurationReader) -> WebhookConfiguration? {
        let section = operations.section("webhook")
        let url = section.secret("url")
        var webhook = WebhookConfiguration(url: url ?? "")
        webhook.headers = readHeaders(section)
        webhook.after = section.duration("after", in: .zero...(.seconds(86_400)), default: webhook.after)
        webhook.every = section.duration("every", in: .seconds(1)...(.seconds(86_400)), default: webhook.every)
        webhook.silentAfter = section.duration(
            "silent_after", in: .seconds(1)...(.seconds(86_400)), default: webhook.silentAfter)
        webhook.authorityFile = section.readableFile("ca")
        webhook.proxy = section.proxy()
        section.rejectUnknownKeys()
        guard let url else {
            // One that is empty is named already.
            if operations.has("webhook"), !section.has("url") {
                section.missing("url", "where alerts are posted, such as https://hooks.slack.com/services/…")
            }
            return nil
        }
        if let why = HTTPExchange.problem(ofURL: url) {
            section.problem("url", "must be http://host[:port]/path or https://…: \(why)")
        }
        return webhook
    }
}
