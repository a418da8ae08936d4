/// What one subscriber may take. All of it is in `hello`.
package struct BroadcasterLimits: Sendable, Hashable {
    /// A larger inbound message closes with 1009.
    package var messageBytes = 16 * 1024
    package var commandsPerSecond = 10
    package var commandBurst = 20
    /// The same for all connections of a key together; twice as many in a burst.
    package var commandsPerSecondOfKey = 50
    /// REST requests of a key; twice as many in a burst.
    package var requestsPerSecond = 20
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

    /// Refuses a filter that names too much.
    func check(_ filter: SubscriptionFilter) throws(CommandRefusal) {
        for list in filter.lists where list.values.count > idsPerFilterField {
            throw CommandRefusal(
                "limit_filter_ids", "\(list.name) has \(list.values.count) values", limit: idsPerFilterField)
        }
    }
}
