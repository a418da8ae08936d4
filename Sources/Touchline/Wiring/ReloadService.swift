import FeedClient
import FeedModel
import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Reads the configuration again at SIGHUP, sends its feeds to the stages and takes how the log is written; nothing
/// else of it is taken.
struct ReloadService: Service {
    /// Those that run at the start.
    let feeds: [FeedConfiguration]
    let lists: FeedLists
    let hasBroadcaster: Bool
    let reload: @Sendable () throws -> TouchlineConfiguration
    /// Nil when nobody listens.
    let notifier: ServiceNotifier?
    let logger: Logger

    func run() async throws {
        var feeds = feeds
        var former: [FeedConfiguration] = []
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            guard let notifier else {
                take(&feeds, &former)
                continue
            }
            notifier.reloading { take(&feeds, &former) }
        }
    }

    private func take(_ feeds: inout [FeedConfiguration], _ former: inout [FeedConfiguration]) {
        do {
            let configuration = try reload()
            guard !configuration.feeds.isEmpty else { throw CommandFailure(description: "it has no feeds") }
            LogOutput.standardError.apply(configuration.log)
            report(from: feeds, to: configuration.feeds)
            let names = Set(configuration.feeds.map(\.name))
            former = (former + feeds).filter { !names.contains($0.name) }
            feeds = configuration.feeds
            lists.send(feeds, former: former)
        } catch {
            logger.error(
                "the configuration is not taken: everything stays",
                metadata: [LogKey.error: "\(error)", LogKey.asked: "SIGHUP"])
        }
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
        if hasBroadcaster, !added.isEmpty || !removed.isEmpty {
            logger.warning("the broadcaster serves the feeds of its start: start it again to serve others")
        }
    }
}
