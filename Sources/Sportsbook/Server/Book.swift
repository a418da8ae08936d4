import FeedModel
import Logging
import NIOCore
import WebSocketTransport

/// Everything that the connections of one server share. Bound to the server's only event loop.
final class Book {
    let configuration: SportsbookConfiguration
    let loop: any EventLoop
    let logger: Logger
    /// Who may connect; changed while running to make clients refresh theirs.
    private(set) var token: String?
    /// Nothing numbered is sent while false.
    private(set) var isGateOpen: Bool
    private(set) var statistics = SportsbookStatistics()
    private let director: FaultDirector
    private let origin: Origin
    private var sessions: [ObjectIdentifier: BookSession] = [:]

    private enum Origin {
        case world(SimulatedBook)
        case load(LoadConfiguration, LoadMark)
    }

    init(_ configuration: SportsbookConfiguration, loop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        token = configuration.token
        director = FaultDirector(configuration.faults)
        switch configuration.content {
        case .simulator(let simulator):
            let world = SimulatedBook(simulator, server: configuration)
            origin = .world(world)
            isGateOpen = true
            world.mayProduce = { [unowned self] in sessions.values.allSatisfy(\.hasRoom) }
            world.onProduced = { [unowned self] in pumpAll() }
            world.start(on: loop)
        case .load(let load):
            origin = .load(load, LoadMark())
            isGateOpen = !load.isGated
        }
    }

    func stop() {
        if case .world(let world) = origin { world.stop() }
        for session in sessions.values { session.end() }
        sessions.removeAll()
    }

    /// Whether and how a request becomes a connection.
    func decide(on request: HTTPRequest) -> UpgradeDecision {
        guard request.path == configuration.path else { return .reject(HTTPResponse(status: 404)) }
        let faults = director.connectionRequested(at: .now())
        statistics.requests += 1
        if let refusal = faults.refusal { return .reject(Self.refusal(refusal)) }
        if let token, request.headers["authorization"] != "Bearer \(token)" {
            return .reject(
                HTTPResponse(status: 401, headers: ["www-authenticate": "Bearer"], text: "token not valid\n"))
        }
        guard sessions.count < configuration.maximumConnections else {
            return .reject(HTTPResponse(status: 429, headers: ["retry-after": "5"], text: "too many connections\n"))
        }
        let session = NIOLoopBound(BookSession(book: self, faults: faults), eventLoop: loop)
        return .accept { _ in session.value }
    }

    private static func refusal(_ refusal: (status: Int, retryAfter: Duration?)) -> HTTPResponse {
        var headers: HTTPFields = [:]
        if let retryAfter = refusal.retryAfter { headers.append("retry-after", String(Int(retryAfter.seconds))) }
        return HTTPResponse(status: refusal.status, headers: headers, text: "refused\n")
    }

    /// A source for a session that subscribes.
    func source(for streams: StreamSet) -> any MessageSource {
        switch origin {
        case .world(let world): world.lane(of: streams)
        case .load(let load, let mark): LoadSource(load, mark: mark, now: configuration.now)
        }
    }

    func opened(_ session: BookSession) {
        sessions[ObjectIdentifier(session)] = session
        statistics.connections += 1
    }

    func closed(_ session: BookSession) { sessions[ObjectIdentifier(session)] = nil }

    func sent(messages: Int, bytes: Int) {
        statistics.messages += Int64(messages)
        statistics.bytes += Int64(bytes)
    }

    func openGate() {
        isGateOpen = true
        pumpAll()
    }

    /// From now on only `token` is let in; who is connected is closed with 4401.
    func replaceToken(_ token: String?) {
        self.token = token
        for session in sessions.values { session.close(4401, "token no longer valid") }
    }

    func closeAll(_ code: CloseCode, _ reason: String) {
        for session in sessions.values { session.close(code, reason) }
    }

    private func pumpAll() {
        for session in sessions.values { session.pump() }
    }
}

/// What a sportsbook has done since it started.
package struct SportsbookStatistics: Sendable, Hashable {
    /// Upgrade requests, refused ones included.
    package var requests = 0
    /// Connections that were accepted.
    package var connections = 0
    /// Numbered messages that were sent.
    package var messages: Int64 = 0
    /// Their bytes, frame headers included.
    package var bytes: Int64 = 0
    /// CPU time of the server's thread, for benchmarks that want the load generator's share apart.
    package var processorTime = Duration.zero

    package init() {}
}
