package import FeedModel
package import WebSocketTransport

/// How a sportsbook is served.
package struct SportsbookConfiguration: Sendable {
    /// What is sent.
    package enum Content: Sendable {
        /// A simulated world of sports.
        case simulator(SimulatorConfiguration)
        /// Pre-encoded numbered odds messages, for load and for tests that count every message.
        case load(LoadConfiguration)
    }

    package var content: Content
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 0
    /// Where the upgrade is expected; every other path is 404.
    package var path = "/feed"
    /// What `Authorization: Bearer …` must say; nil lets everybody in.
    package var token: String?
    package var tls: ServerTLSConfiguration?
    /// permessage-deflate.
    package var compression = ServerCompression.off
    /// How many messages may share a frame as a JSON array; 1 sends single objects.
    package var messagesPerFrame = 1
    package var heartbeatInterval: Duration = .seconds(5)
    /// Who has not subscribed by then is closed.
    package var subscribeTimeout: Duration = .seconds(15)
    package var maximumConnections = 1_000
    /// How much of each subscription's past is kept, for `resume_after` and for consumers that lag. Who falls behind it is
    /// closed with 4408.
    package var retainedBytes = 32 * 1024 * 1024
    /// The first `seq` of a subscription. Nil takes the time, so that no token of an earlier run is mistaken for one of
    /// this run. Load always begins at 1.
    package var firstSequence: Int64?
    package var faults = FaultScript()
    /// What time it is.
    package var now: @Sendable () -> Timestamp = { WallClock.now }

    package init(_ content: Content) { self.content = content }

    /// One sentence for each setting that makes no sense.
    package var problems: [String] {
        var problems: [String] =
            switch content {
            case .simulator(let simulator): simulator.problems
            case .load(let load): load.problems
            }
        if token?.isEmpty == true { problems.append("the token must not be empty") }
        if !(1...8_192).contains(messagesPerFrame) {
            problems.append("messages per frame must be 1 to 8192, not \(messagesPerFrame)")
        }
        if heartbeatInterval <= .zero { problems.append("the heartbeat interval must be above 0") }
        if !path.hasPrefix("/") { problems.append("the path must begin with /, not be \(path)") }
        return problems
    }
}
