import Synchronization

/// Where alerts are posted at the moment, if anywhere: a reload may change it.
final class WebhookSettings: Sendable {
    private let current: Mutex<WebhookConfiguration?>

    init(_ configuration: WebhookConfiguration?) { current = Mutex(configuration) }

    var value: WebhookConfiguration? { current.withLock { $0 } }

    func set(_ configuration: WebhookConfiguration?) { current.withLock { $0 = configuration } }
}
