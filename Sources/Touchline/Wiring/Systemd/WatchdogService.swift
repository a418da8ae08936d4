import NIOCore
import NIOPosix
import ServiceLifecycle

/// Tells systemd that the process lives, twice as often as it asks for.
///
/// The first of the services, because a group stops them in reverse: a process that drains lives too.
struct WatchdogService: Service {
    let notifier: ServiceNotifier
    let limit: Duration
    let group: MultiThreadedEventLoopGroup

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await prove()
                    notifier.alive()
                    try await Task.sleep(for: limit / 2)
                }
            }
        } catch is CancellationError {}
    }

    /// Returns when Swift's pool, which runs this, and every event loop have done something. One that hangs never does,
    /// and systemd starts the process again.
    private func prove() async throws {
        for loop in group.makeIterator() { try await loop.submit {}.get() }
    }
}
