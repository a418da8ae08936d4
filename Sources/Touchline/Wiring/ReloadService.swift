import Broadcaster
import FeedClient
import FeedModel
import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Reads the configuration again at SIGHUP, takes what can change while the process runs, and says what it has taken and
/// what needs a restart. A file with a mistake changes nothing.
struct ReloadService: Service {
    /// What the process was started with.
    let start: TouchlineConfiguration
    let stages: Set<Stage>
    let lists: FeedLists
    let webhook: WebhookSettings
    let keys: SubscriberKeys
    let reload: @Sendable () throws -> TouchlineConfiguration
    /// Nil when nobody listens.
    let notifier: ServiceNotifier?
    let logger: Logger

    func run() async throws {
        var state = State(inForce: start)
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            guard let notifier else {
                take(&state)
                continue
            }
            notifier.reloading { take(&state) }
        }
    }

    private struct State {
        /// The start's, with what was taken since.
        var inForce: TouchlineConfiguration
        /// Feeds that are not served any more.
        var former: [FeedConfiguration] = []
    }

    private func take(_ state: inout State) {
        do {
            let configuration = try reload()
            guard !configuration.feeds.isEmpty else { throw CommandFailure(description: "it has no feeds") }
            let difference = ConfigurationDifference(
                from: state.inForce, to: configuration, start: start, stages: stages)
            // First, so that what follows is told as it is asked for now.
            LogOutput.standardError.apply(configuration.log)
            takeFeeds(configuration.feeds, &state)
            webhook.set(configuration.webhook)
            if difference.isTakingKeys { keys.replace(configuration.subscribers.authentication.keys) }
            difference.take(configuration, into: &state.inForce)
            report(difference)
        } catch {
            logger.error(
                "the configuration is not taken: everything stays",
                metadata: [LogKey.error: "\(error)", LogKey.asked: "SIGHUP"])
        }
    }

    private func report(_ difference: ConfigurationDifference) {
        func text(_ names: [String]) -> String { names.isEmpty ? "nothing" : names.joined(separator: ",") }
        logger.notice(
            "the configuration is read again",
            metadata: [
                "taken": "\(text(difference.taken))", "needs_restart": "\(text(difference.needsRestart))",
                LogKey.asked: "SIGHUP",
            ])
    }

    // MARK: Feeds

    private func takeFeeds(_ feeds: [FeedConfiguration], _ state: inout State) {
        report(from: state.inForce.feeds, to: feeds)
        let names = Set(feeds.map(\.name))
        state.former = (state.former + state.inForce.feeds).filter { !names.contains($0.name) }
        lists.send(feeds, former: state.former)
    }

    private func report(from old: [FeedConfiguration], to new: [FeedConfiguration]) {
        let known = Dictionary(old.map { ($0.name, $0) }) { $1 }
        let added = new.filter { known[$0.name] == nil }
        let changed = new.filter { feed in known[feed.name].map { $0 != feed } ?? false }
        let names = Set(new.map(\.name))
        let removed = old.filter { !names.contains($0.name) }
        func text(_ feeds: [FeedConfiguration]) -> String { feeds.map(\.name.text).joined(separator: ",") }
        logger.notice(
            "feeds are read again",
            metadata: [
                "added": "\(text(added))", "removed": "\(text(removed))", "changed": "\(text(changed))",
                LogKey.asked: "SIGHUP",
            ])
        if stages.contains(.broadcast), !added.isEmpty || !removed.isEmpty {
            logger.warning("the broadcaster serves the feeds of its start: start it again to serve others")
        }
    }
}
