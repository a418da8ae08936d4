import NIOCore

/// How a Broadcaster leaves: it says so, and then ends the connections a few at a time, because clients that all lose them at
/// once all come to the other instances at once.
struct Departure: Sendable {
    let hosts: [HubHost]
    /// How long it may take.
    let period: Duration

    private static let interval = Duration.milliseconds(100)

    /// Returns when every connection has been told to end. Cancelled, it gives nobody time.
    func run() async {
        var count = 0
        for host in hosts { count += (try? await host.drain(.announce(within: period)).get()) ?? 0 }
        let steps = count > 0 ? max(1, Int(period / Self.interval)) : 1
        for left in (1...steps).reversed() {
            if count > 0 { try? await Task.sleep(for: period / steps) }
            for host in hosts { _ = try? await host.drain(.close(partOf: left)).get() }
        }
    }
}
