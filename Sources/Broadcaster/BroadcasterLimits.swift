/// What one subscriber may take. All of it is in `hello`.
package struct BroadcasterLimits: Sendable, Hashable {
    /// A larger inbound message closes with 1009.
    package var messageBytes = 16 * 1024
    package var commandsPerSecond = 10
    package var commandBurst = 20
    /// How long a connection may take to authenticate, and to send its first subscription.
    package var authentication: Duration = .seconds(10)
    package var subscriptionsPerConnection = 64
    package var idsPerFilterField = 500
    package var connectionsPerKey = 10
    package var acceptsPerSecond = 500
    /// A client that takes nothing for this long is too slow.
    package var slow: Duration = .seconds(10)
    /// The same while it still receives a snapshot, which is not its fault.
    package var slowSnapshot: Duration = .seconds(30)
    /// A client with more than this unwritten is too slow at once.
    package var unwrittenBytes = 1024 * 1024

    package init() {}
}
